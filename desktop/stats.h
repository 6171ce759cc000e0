/* SPDX-License-Identifier: MIT
 *
 * All counters of a desktop. Any thread.
 */
#ifndef ORIEL_DESKTOP_STATS_H
#define ORIEL_DESKTOP_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "desktop/clipboard_state.h"
#include "desktop/config.h"
#include "desktop/sound_stats.h"
#include "desktop/stage.h"

struct oriel_desktop;

struct oriel_viewer_stats {
  uint32_t id;
  char name[ORIEL_VIEWER_NAME_MAX + 1];
  enum oriel_role role;
  bool pictures, sound, skipping;
  uint32_t rtt_us, in_flight;  /* pictures sent and not yet received */
  uint64_t pictures_sent, pictures_skipped, skips, audio_sent, audio_dropped, bytes_sent, painted;
  uint64_t microphone_packets, microphone_refused; /* refused: without the controls, no Opus, or nothing takes it */
  uint32_t picture_queue, audio_queue; /* packets now */
};

struct oriel_desktop_stats {
  enum oriel_source_state state;
  char detail[160];
  struct oriel_source_info source;
  struct oriel_source_abilities abilities;
  uint16_t width, height;
  bool cursor_apart; /* the guest has told its cursor's shape, which is not in the picture */
  const char *encoder; /* "" until the first encode */
  uint32_t fps, bitrate_kbps; /* now in force */
  unsigned viewers, watching;
  uint32_t controller; /* viewer id; 0 = none */
  uint64_t damage_events, conversions, pictures_video, pictures_tiles, pictures_key, pictures_sharpened,
    pictures_refined, openings;
  uint64_t video_bytes, tiles_bytes, refined_bytes, /* tiles: of refinement, too */
    audio_packets, audio_bytes, audio_overruns;
  uint64_t encode_failures, key_requests, held_back; /* encodes put off because nobody could take them */
  uint64_t bursts; /* pictures closer than 8 ms to the one before (lesson 16) */
  uint64_t cpu_us, cpu_limited; /* processor time for pictures, on the media thread; times that its limit put one off */
  uint64_t input_events, input_refused;
  uint32_t painted_fps; /* by the controller or the best viewer, last second */
  struct oriel_percentiles stages[ORIEL_STAGES];
  struct oriel_sound_stats sound;
  struct oriel_clipboard_stats clipboard;
  unsigned viewer_count; /* entries below */
  struct oriel_viewer_stats viewer[ORIEL_DESKTOP_VIEWERS_MAX];
};

/** Fills a snapshot of all counters. */
void oriel_desktop_stats(struct oriel_desktop *desktop, struct oriel_desktop_stats *stats);

#endif
