/* SPDX-License-Identifier: MIT
 *
 * Pitch by the strongest line of a windowed spectrum, onsets by level. Main thread.
 */
#include "cli/audio_probe.h"

#include <math.h>
#include <string.h>

#define TURN 6.283185307179586

enum { QUIET_FRAMES = ORIEL_PROBE_RATE / 20 }; /* this much quiet ends a burst */
static const float onset_level = 0.05f;
static const double silence_db = -60, least_hz = 40;

/** In-place transform of ORIEL_PROBE_WINDOW complex values, radix 2. */
static void transform(double *re, double *im) {
  enum { N = ORIEL_PROBE_WINDOW };
  for (size_t i = 1, j = 0; i < N; i++) {
    size_t bit = N >> 1;
    for (; j & bit; bit >>= 1)
      j ^= bit;
    j ^= bit;
    if (i < j) {
      const double r = re[i], m = im[i];
      re[i] = re[j], im[i] = im[j];
      re[j] = r, im[j] = m;
    }
  }
  for (size_t size = 2; size <= N; size <<= 1) {
    for (size_t k = 0; k < size / 2; k++) {
      const double c = cos(TURN * (double)k / (double)size), s = -sin(TURN * (double)k / (double)size);
      for (size_t i = k; i < N; i += size) {
        const size_t j = i + size / 2;
        const double r = re[j] * c - im[j] * s, m = re[j] * s + im[j] * c;
        re[j] = re[i] - r, im[j] = im[i] - m;
        re[i] += r, im[i] += m;
      }
    }
  }
}

double oriel_probe_pitch(const float window[ORIEL_PROBE_WINDOW], double *db) {
  static double re[ORIEL_PROBE_WINDOW], im[ORIEL_PROBE_WINDOW]; /* main thread only */
  double sum = 0;
  for (size_t i = 0; i < ORIEL_PROBE_WINDOW; i++) {
    const double hann = 0.5 - 0.5 * cos(TURN * (double)i / ORIEL_PROBE_WINDOW);
    re[i] = (double)window[i] * hann, im[i] = 0;
    sum += hann;
  }
  transform(re, im);
  size_t best = 0;
  for (size_t i = 1; i < ORIEL_PROBE_WINDOW / 2; i++) {
    re[i] = hypot(re[i], im[i]);
    if ((double)i * ORIEL_PROBE_RATE / ORIEL_PROBE_WINDOW >= least_hz && (best == 0 || re[i] > re[best]))
      best = i;
  }
  *db = 20 * log10(fmax(re[best] * 2 / sum, 1e-10));
  if (*db < silence_db || best == 0 || best + 1 >= ORIEL_PROBE_WINDOW / 2)
    return 0;
  /* A parabola through the logarithms of three lines: with this window close to exact. */
  const double a = log(re[best - 1] + 1e-12), b = log(re[best] + 1e-12), c = log(re[best + 1] + 1e-12);
  const double bend = a - 2 * b + c, offset = bend < 0 ? 0.5 * (a - c) / bend : 0;
  *db += 20 / log(10) * -0.25 * (a - c) * offset;
  return ((double)best + offset) * ORIEL_PROBE_RATE / ORIEL_PROBE_WINDOW;
}

void oriel_probe_init(struct oriel_probe *probe) {
  memset(probe, 0, sizeof *probe);
  probe->quiet = QUIET_FRAMES;
}

static void hear(struct oriel_probe *probe) {
  double db = 0;
  const double hz = oriel_probe_pitch(probe->window, &db);
  struct oriel_probe_note *last = probe->is_note_open ? &probe->notes[probe->note_count - 1] : NULL;
  if (hz == 0) {
    probe->is_note_open = false;
  } else if (last != NULL && fabs(hz / last->hz - 1) < 0.01) {
    last->hz += (hz - last->hz) / (last->windows + 1);
    last->db = fmax(last->db, db);
    last->windows++;
  } else {
    if (probe->note_count == ORIEL_PROBE_NOTES)
      oriel_probe_tidy(probe, 2);
    if (probe->note_count == ORIEL_PROBE_NOTES)
      return;
    probe->notes[probe->note_count++] =
      (struct oriel_probe_note){.hz = hz, .db = db, .windows = 1, .frame = probe->frames - ORIEL_PROBE_WINDOW};
    probe->is_note_open = true;
  }
}

/** A burst begins where a time without its level ends. */
static void watch_level(struct oriel_probe *probe, float sample, uint64_t at_ns) {
  if (fabsf(sample) <= onset_level) {
    probe->quiet++;
    return;
  }
  if (probe->quiet >= QUIET_FRAMES && probe->onset_count < ORIEL_PROBE_ONSETS)
    probe->onset_ns[probe->onset_count++] = at_ns;
  probe->quiet = 0;
}

void oriel_probe_take(struct oriel_probe *probe, const float *frames, size_t count, size_t channels, uint64_t due_ns) {
  for (size_t i = 0; i < count; i++) {
    const float sample = frames[i * channels];
    probe->peak = fmaxf(probe->peak, fabsf(sample));
    watch_level(probe, sample, due_ns + i * 1000000000ull / ORIEL_PROBE_RATE);
    probe->window[probe->have++] = sample;
    probe->frames++;
    if (probe->have < ORIEL_PROBE_WINDOW)
      continue;
    hear(probe);
    probe->have -= ORIEL_PROBE_HOP;
    memmove(probe->window, probe->window + ORIEL_PROBE_HOP, probe->have * sizeof probe->window[0]);
  }
}

void oriel_probe_tidy(struct oriel_probe *probe, unsigned windows) {
  size_t kept = 0;
  for (size_t i = 0; i < probe->note_count; i++) {
    const struct oriel_probe_note *note = &probe->notes[i];
    if (note->windows < windows)
      continue;
    /* What a stray window tore apart is one note. */
    struct oriel_probe_note *last = kept > 0 ? &probe->notes[kept - 1] : NULL;
    const uint64_t end = last != NULL ? last->frame + (uint64_t)(last->windows + 3) * ORIEL_PROBE_HOP : 0;
    if (last != NULL && fabs(note->hz / last->hz - 1) < 0.01 && note->frame <= end)
      last->windows = (unsigned)((note->frame - last->frame) / ORIEL_PROBE_HOP) + note->windows;
    else
      probe->notes[kept++] = *note;
  }
  probe->note_count = kept;
  probe->is_note_open = false;
}

double oriel_probe_note_ms(const struct oriel_probe_note *note) {
  return (double)note->windows * ORIEL_PROBE_HOP * 1000 / ORIEL_PROBE_RATE;
}
