/* SPDX-License-Identifier: MIT
 *
 * GET /metrics: Prometheus text format 0.0.4. Loop thread.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/route.h"
#include "wire/viewer.h"

#define US_PER_SECOND 1e6

static void head(FILE *out, const char *name, const char *type, const char *help) {
  fprintf(out, "# HELP oriel_%s %s\n# TYPE oriel_%s %s\n", name, help, name, type);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value) {
  head(out, name, "counter", help);
  fprintf(out, "oriel_%s %" PRIu64 "\n", name, value);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value) {
  head(out, name, "gauge", help);
  fprintf(out, "oriel_%s %" PRIu64 "\n", name, value);
}

static void labelled(FILE *out, const char *name, const char *label, const char *value, uint64_t count) {
  fprintf(out, "oriel_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, count);
}

static void write_stages(FILE *out, const struct oriel_desktop_stats *stats) {
  head(out, "stage_seconds", "summary", "Delay of one picture by stage; quantiles over the last 512 pictures.");
  for (int i = 0; i < ORIEL_STAGES; i++) {
    const struct oriel_percentiles *stage = &stats->stages[i];
    const char *name = oriel_stage_name((enum oriel_stage)i);
    const struct {
      const char *quantile;
      uint32_t us;
    } quantiles[] = {{"0.5", stage->p50_us}, {"0.95", stage->p95_us}, {"0.99", stage->p99_us}, {"1", stage->max_us}};
    for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++)
      fprintf(out, "oriel_stage_seconds{stage=\"%s\",quantile=\"%s\"} %.6f\n", name, quantiles[q].quantile,
              quantiles[q].us / US_PER_SECOND);
    fprintf(out, "oriel_stage_seconds_sum{stage=\"%s\"} %.6f\n", name, (double)stage->sum_us / US_PER_SECOND);
    fprintf(out, "oriel_stage_seconds_count{stage=\"%s\"} %" PRIu64 "\n", name, stage->count);
  }
}

static void write_desktop(FILE *out, const struct oriel_desktop_stats *stats) {
  head(out, "desktop_state", "gauge", "1 for the state the desktop is in.");
  for (int i = ORIEL_SOURCE_CONNECTING; i <= ORIEL_SOURCE_GONE; i++)
    labelled(out, "desktop_state", "state", oriel_source_state_name((enum oriel_source_state)i),
             stats->state == (enum oriel_source_state)i);
  gauge(out, "desktop_width_pixels", "Width of the guest's screen.", stats->width);
  gauge(out, "desktop_height_pixels", "Height of the guest's screen.", stats->height);
  gauge(out, "viewers", "Viewers attached.", stats->viewers);
  gauge(out, "viewers_watching", "Viewers that want pictures.", stats->watching);
  gauge(out, "fps_limit", "Pictures a second at most, now.", stats->fps);
  gauge(out, "fps_painted", "Pictures painted in the last second by the best viewer.", stats->painted_fps);
  gauge(out, "bitrate_bits_per_second", "Bitrate limit, now.", stats->bitrate_kbps * UINT64_C(1000));
  head(out, "pictures_total", "counter", "Pictures encoded, by kind.");
  labelled(out, "pictures_total", "kind", "video", stats->pictures_video);
  labelled(out, "pictures_total", "kind", "tiles", stats->pictures_tiles);
  head(out, "picture_bytes_total", "counter", "Bytes of encoded pictures, by kind.");
  labelled(out, "picture_bytes_total", "kind", "video", stats->video_bytes);
  labelled(out, "picture_bytes_total", "kind", "tiles", stats->tiles_bytes);
  counter(out, "pictures_key_total", "Key frames.", stats->pictures_key);
  counter(out, "pictures_sharpened_total", "Quality passes over a still picture.", stats->pictures_sharpened);
  counter(out, "damage_events_total", "Changes announced by the source.", stats->damage_events);
  counter(out, "conversions_total", "Pixel conversions.", stats->conversions);
  counter(out, "source_frames_total", "Updates from the guest.", stats->source.frames);
  counter(out, "source_reconnects_total", "Times the source found its VM again.", stats->source.reconnects);
  counter(out, "audio_packets_total", "Opus packets.", stats->audio_packets);
  counter(out, "audio_bytes_total", "Bytes of Opus packets.", stats->audio_bytes);
  counter(out, "audio_overruns_total", "Times sound came faster than it was encoded.", stats->audio_overruns);
  counter(out, "encode_failures_total", "Pictures the encoder refused.", stats->encode_failures);
  counter(out, "key_requests_total", "Key frames asked for by viewers.", stats->key_requests);
  counter(out, "held_back_total", "Encodes put off because no viewer could take one.", stats->held_back);
  counter(out, "bursts_total", "Pictures closer than 8 ms to the one before.", stats->bursts);
  counter(out, "input_events_total", "Input events passed on.", stats->input_events);
  counter(out, "input_refused_total", "Input events from viewers without the controls.", stats->input_refused);
}

static void write_queues(FILE *out, const struct oriel_desktop_stats *stats) {
  uint64_t pictures = 0, audio = 0, sent = 0, skipped = 0, dropped = 0, bytes = 0;
  uint32_t rtt_us = 0;
  for (unsigned i = 0; i < stats->viewer_count && i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    const struct oriel_viewer_stats *viewer = &stats->viewer[i];
    pictures += viewer->picture_queue;
    audio += viewer->audio_queue;
    sent += viewer->pictures_sent;
    skipped += viewer->pictures_skipped;
    dropped += viewer->audio_dropped;
    bytes += viewer->bytes_sent;
    if (viewer->rtt_us > rtt_us)
      rtt_us = viewer->rtt_us;
  }
  /* Sums over those attached now: they fall when one leaves, so they are gauges. */
  gauge(out, "viewer_picture_queue", "Pictures that wait, all viewers.", pictures);
  gauge(out, "viewer_audio_queue", "Opus packets that wait, all viewers.", audio);
  gauge(out, "viewer_pictures_sent", "Pictures sent to the viewers attached now.", sent);
  gauge(out, "viewer_pictures_skipped", "Pictures left out for the viewers attached now.", skipped);
  gauge(out, "viewer_audio_dropped", "Opus packets dropped for the viewers attached now.", dropped);
  gauge(out, "viewer_bytes_sent", "Bytes sent to the viewers attached now.", bytes);
  head(out, "viewer_rtt_max_seconds", "gauge", "Slowest round trip among the viewers attached now.");
  fprintf(out, "oriel_viewer_rtt_max_seconds %.6f\n", rtt_us / US_PER_SECOND);
}

static void write_closed(FILE *out, const struct oriel_server_stats *stats) {
  head(out, "viewers_closed_total", "counter", "Viewer connections that ended, by reason.");
  labelled(out, "viewers_closed_total", "reason", "CUT", stats->viewers_closed[ORIEL_SERVER_CLOSED_CUT]);
#define X(name, value) labelled(out, "viewers_closed_total", "reason", #name, stats->viewers_closed[value]);
  ORIEL_VIEWER_REASONS(X)
#undef X
}

static void write_server(FILE *out, const struct oriel_server_stats *stats) {
  counter(out, "connections_total", "TCP connections accepted.", stats->connections);
  counter(out, "connections_refused_total", "TCP connections over a limit.", stats->connections_refused);
  gauge(out, "connections", "HTTP connections now, without viewers.", stats->connections_now);
  gauge(out, "sessions", "Browser sessions now.", stats->sessions_now);
  counter(out, "requests_total", "HTTP requests.", stats->requests);
  head(out, "answers_total", "counter", "HTTP answers by class.");
  labelled(out, "answers_total", "class", "2xx", stats->answers_2xx);
  labelled(out, "answers_total", "class", "3xx", stats->answers_3xx);
  labelled(out, "answers_total", "class", "4xx", stats->answers_4xx);
  labelled(out, "answers_total", "class", "5xx", stats->answers_5xx);
  head(out, "refused_total", "counter", "Requests refused before they reached a handler.");
  labelled(out, "refused_total", "reason", "host", stats->refused_host);
  labelled(out, "refused_total", "reason", "origin", stats->refused_origin);
  labelled(out, "refused_total", "reason", "credential_missing", stats->auth_missing);
  labelled(out, "refused_total", "reason", "token", stats->auth_token);
  labelled(out, "refused_total", "reason", "cookie", stats->auth_cookie);
  labelled(out, "refused_total", "reason", "limit", stats->auth_limited);
  labelled(out, "refused_total", "reason", "deadline", stats->deadlines);
  counter(out, "viewers_opened_total", "WebSocket handshakes that succeeded.", stats->viewers_opened);
  write_closed(out, stats);
  counter(out, "websocket_messages_in_total", "Messages from viewers.", stats->messages_in);
  counter(out, "websocket_bytes_in_total", "Bytes from viewers.", stats->bytes_in);
  counter(out, "websocket_messages_out_total", "Messages to viewers.", stats->messages_out);
  counter(out, "websocket_bytes_out_total", "Bytes to viewers.", stats->bytes_out);
}

enum MHD_Result oriel_handle_metrics(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_server_stats stats;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out)
    return MHD_NO;
  oriel_server_stats(server, &stats);
  head(out, "build_info", "gauge", "1, with the version as label.");
  labelled(out, "build_info", "version", server->version, 1);
  write_server(out, &stats);
  if (server->desktop) {
    oriel_desktop_stats(server->desktop, &server->desktop_stats);
    write_desktop(out, &server->desktop_stats);
    write_queues(out, &server->desktop_stats);
    write_stages(out, &server->desktop_stats);
  }
  struct MHD_Response *response = NULL;
  if (fclose(out) == 0)
    response = oriel_answer_create("text/plain; version=0.0.4; charset=utf-8", NULL, text, size,
                                   MHD_RESPMEM_MUST_FREE);
  if (!response)
    free(text);
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}
