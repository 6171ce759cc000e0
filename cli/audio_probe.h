/* SPDX-License-Identifier: MIT
 *
 * Ears for `oriel audio test`: the pitches that a sound has one after the other, and when bursts in it begin. 48 kHz
 * mono. Thread-safety: one probe, one thread.
 */
#ifndef ORIEL_CLI_AUDIO_PROBE_H
#define ORIEL_CLI_AUDIO_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_PROBE_RATE = 48000,
  ORIEL_PROBE_WINDOW = 4096, /* 85 ms: one bin is 11.7 Hz, and interpolation finds a pure tone within 0.1 % */
  ORIEL_PROBE_HOP = 1200,    /* 25 ms */
  ORIEL_PROBE_NOTES = 64,
  ORIEL_PROBE_ONSETS = 256,
};

/** A stretch of one pitch. */
struct oriel_probe_note {
  double hz, db; /* means; 0 dB is a full-scale sine */
  unsigned windows;
  uint64_t frame; /* of its first window */
};

struct oriel_probe {
  float window[ORIEL_PROBE_WINDOW];
  size_t have;
  uint64_t frames; /* taken so far */
  float peak;
  struct oriel_probe_note notes[ORIEL_PROBE_NOTES];
  size_t note_count; /* the last may still go on */
  bool is_note_open;
  /* bursts */
  uint64_t onset_ns[ORIEL_PROBE_ONSETS];
  size_t onset_count, quiet;
};

void oriel_probe_init(struct oriel_probe *probe);
/** Takes `count` frames of which the left of `channels` interleaved samples counts; the first is due at `due_ns`. */
void oriel_probe_take(struct oriel_probe *probe, const float *frames, size_t count, size_t channels, uint64_t due_ns);
/** Drops notes too short to be one: fewer than `windows` windows. */
void oriel_probe_tidy(struct oriel_probe *probe, unsigned windows);
/** Milliseconds a note lasted, to one hop. */
double oriel_probe_note_ms(const struct oriel_probe_note *note);

/** Pitch of one window: Hz, 0 for silence; *db its level. */
double oriel_probe_pitch(const float window[ORIEL_PROBE_WINDOW], double *db);

#endif
