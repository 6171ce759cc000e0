/* SPDX-License-Identifier: MIT
 *
 * The line of --stats. Main thread.
 */
#include "cli/stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/clock.h"

void oriel_stats_line_init(struct oriel_stats_line *line) {
  *line = (struct oriel_stats_line){.at_ns = oriel_clock_ns()};
}

void oriel_stats_line_print(struct oriel_stats_line *line, struct oriel_desktop *desktop,
                            struct oriel_desktop_stats *now, const char *name, bool json) {
  oriel_desktop_stats(desktop, now);
  const uint64_t at_ns = oriel_clock_ns();
  const uint64_t bytes = now->video_bytes + now->tiles_bytes + now->audio_bytes;
  const double seconds = (double)(at_ns - line->at_ns) / (double)ORIEL_NS_PER_SECOND;
  const double mbit = seconds > 0 ? (double)(bytes - line->bytes) * 8 / 1e6 / seconds : 0;
  uint64_t skipped = 0;
  for (unsigned i = 0; i < now->viewer_count; i++)
    skipped += now->viewer[i].pictures_skipped;
  const struct oriel_percentiles *total = &now->stages[ORIEL_STAGE_TOTAL], *encode = &now->stages[ORIEL_STAGE_ENCODE];
  const char *format =
      json
          ? "{\"stats\":{%s%s%s\"state\":\"%s\",\"width\":%u,\"height\":%u,\"viewers\":%u,\"watching\":%u,"
            "\"painted_fps\":%u,\"video\":%" PRIu64
            ",\"tiles\":%" PRIu64
            ",\"mbit_s\":%.2f,\"encode_p50_ms\":%.1f,\"total_p50_ms\":%.1f,\"total_p95_ms\":%.1f,\"skipped\":%" PRIu64
            ",\"input\":%" PRIu64 "}}\n"
          : "stats: %s%s%s%s %ux%u, %u viewers (%u watching), %u fps painted, %" PRIu64 " video + %" PRIu64
            " tile pictures, %.2f Mbit/s encoded, encode p50 %.1f ms, capture to paint p50 %.1f p95 %.1f ms, %" PRIu64
            " skipped in all, %" PRIu64 " input events\n";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const bool named = name[0] != '\0';
  printf(format, named ? json ? "\"desktop\":\"" : "" : "", name, named ? json ? "\"," : ": " : "",
         oriel_source_state_name(now->state), now->width, now->height, now->viewers, now->watching,
         now->painted_fps, now->pictures_video - line->video, now->pictures_tiles - line->tiles, mbit,
         encode->p50_us / 1e3, total->p50_us / 1e3, total->p95_us / 1e3, skipped, now->input_events - line->input);
#pragma GCC diagnostic pop
  fflush(stdout);
  line->at_ns = at_ns;
  line->bytes = bytes;
  line->video = now->pictures_video;
  line->tiles = now->pictures_tiles;
  line->input = now->input_events;
}
