/* SPDX-License-Identifier: MIT
 *
 * Wrong but plausible sound. Pure.
 */
#include "source/guest_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "wire/audio.h"

enum {
  SAMPLES_LEAST = 8,    /* that are not silent, to judge a packet by */
  STRANGE_MOST = 5,     /* packets of no sound, and the sender is named */
  FINE_AGAIN = 50,      /* so many good ones make up for it */
  FRAMED_MOST = 3,
  WINDOWS = 3,          /* in a row: six seconds */
  OPUS_PACKETS = 25,
  OPUS_SPACING = 3,     /* times its own length: a sender makes no such pauses between all its packets */
  OPUS_FRAMES_LEAST = 240, OPUS_FRAMES_MOST = 960, /* 5 to 20 ms, as docs/protocols/audio.md says */
  SILENCE_MOST = 8,     /* bytes: a packet of no more says little else; a sender may send but such ones (DTX) */
};
static const uint64_t window_ns = 2 * ORIEL_NS_PER_SECOND, pause_ns = 300 * ORIEL_NS_PER_MS;
static const uint32_t rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 88200, 96000};
#define LOUDEST 16.0f /* as wire/audio.h: more is no sound */
#define FAINTEST 1e-5f /* -100 dB: less tells nothing; tails of filters go down to 1e-38 */

static float float_at(const uint8_t *bytes, bool big_endian) {
  uint32_t bits = 0;
  float value;
  for (int i = 0; i < 4; i++)
    bits |= (uint32_t)bytes[i] << (big_endian ? 24 - 8 * i : 8 * i);
  memcpy(&value, &bits, sizeof value);
  return value;
}

struct sample_counts {
  size_t samples, strange, loud, faint; /* neither zero nor faint; no sound; beyond full scale; faint */
};

static struct sample_counts look(const uint8_t *bytes, size_t size, bool big_endian) {
  struct sample_counts counts = {0};
  for (size_t at = 0; at + 4 <= size; at += 4) {
    const float sample = float_at(bytes + at, big_endian);
    if (fabsf(sample) < FAINTEST) {
      counts.faint += sample != 0;
      continue;
    }
    counts.samples++;
    counts.strange += !(fabsf(sample) <= LOUDEST); /* also what is not a number */
    counts.loud += fabsf(sample) > 1;
  }
  return counts;
}

static bool is_plausible(const struct sample_counts *counts) {
  return counts->samples >= SAMPLES_LEAST && counts->strange * 16 < counts->samples &&
         counts->faint < counts->samples;
}

/* Samples that 16 bits were made of have zeros in their last bytes: in the other order all are too faint to hear. */
static bool is_strange(const struct sample_counts *counts, const uint8_t *bytes, size_t size) {
  if (counts->samples >= SAMPLES_LEAST)
    return counts->strange * 4 > counts->samples;
  const struct sample_counts other = look(bytes, counts->faint >= SAMPLES_LEAST ? size : 0, true);
  return is_plausible(&other);
}

/* How much steps from frame to frame are of the sound, as 16-bit stereo: noise has twice as much. */
static double roughness(const uint8_t *bytes, size_t size, bool big_endian) {
  double steps = 0, level = 0;
  int before[2] = {0};
  for (size_t at = 0; at + 2 <= size; at += 2) {
    const int sample =
      (int16_t)(uint16_t)(big_endian ? bytes[at] << 8 | bytes[at + 1] : bytes[at + 1] << 8 | bytes[at]);
    int *last = &before[at / 2 % 2];
    steps += at >= 4 ? abs(sample - *last) : 0;
    level += abs(sample);
    *last = sample;
  }
  return level > 0 ? steps / level : 2;
}

const char *guest_judge_guess(const uint8_t *bytes, size_t size) {
  const struct sample_counts little = look(bytes, size, false), big = look(bytes, size, true);
  const double rough = roughness(bytes, size, false), rough_big = roughness(bytes, size, true);
  if (size % 8 == 0 && is_plausible(&little))
    return "; it looks like 32-bit floats (format=pcm)";
  if (size % 8 == 0 && is_plausible(&big))
    return "; it looks like big-endian 32-bit floats (format=pcm&sample=f32be)";
  if (rough < 0.7 && rough < rough_big)
    return "; it looks like 16-bit samples (format=pcm&sample=s16le)";
  if (rough_big < 0.7)
    return "; it looks like big-endian 16-bit samples (format=pcm&sample=s16be)";
  return "";
}

/* ---- PCM ---- */

static uint32_t near_rate(double rate) {
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
    if (fabs(rate / rates[i] - 1) < 0.01)
      return rates[i];
  return 0;
}

static void begin_window(struct guest_judge *judge, uint64_t now_ns) {
  judge->window_ns = now_ns;
  judge->frames = judge->loud = judge->samples = 0;
}

static void end_window(struct guest_judge *judge, uint64_t now_ns) {
  const double rate = (double)judge->frames * 1e9 / (double)(now_ns - judge->window_ns);
  const uint32_t other = near_rate(rate);
  judge->off = other && (!judge->off || other == judge->rate) ? judge->off + 1 : 0;
  judge->rate = other;
  judge->clipping = judge->loud * 2 > judge->samples ? judge->clipping + 1 : 0;
  if (judge->off >= WINDOWS)
    snprintf(judge->fault, sizeof judge->fault, "sends %u frames a second, not 48000 (declare rate=%u)", other, other);
  else if (judge->clipping >= WINDOWS)
    snprintf(judge->fault, sizeof judge->fault, "clips all the time; its samples are no floats from -1 to 1");
  else if (!judge->off && !judge->clipping && !judge->strange)
    judge->fault[0] = '\0';
  begin_window(judge, now_ns);
}

static void watch_time(struct guest_judge *judge, const struct sample_counts *counts, uint64_t frames,
                       uint64_t now_ns) {
  if (!judge->window_ns || now_ns > judge->last_ns + pause_ns) {
    judge->off = judge->clipping = 0; /* only what plays on has a rate */
    begin_window(judge, now_ns);
  }
  judge->last_ns = now_ns;
  if (now_ns >= judge->window_ns + window_ns)
    end_window(judge, now_ns);
  judge->frames += frames;
  judge->loud += counts->loud;
  judge->samples += counts->samples;
}

bool guest_judge_pcm(struct guest_judge *judge, const uint8_t *bytes, size_t size, uint64_t frames, uint64_t now_ns) {
  const struct sample_counts counts = look(bytes, size, false);
  watch_time(judge, &counts, frames, now_ns);
  if (is_strange(&counts, bytes, size)) {
    if (judge->strange < STRANGE_MOST + FINE_AGAIN)
      judge->strange = judge->strange + 1 >= STRANGE_MOST ? STRANGE_MOST + FINE_AGAIN : judge->strange + 1;
    if (judge->strange >= STRANGE_MOST && !judge->fault[0])
      snprintf(judge->fault, sizeof judge->fault, "sends what is no sound as 32-bit floats%s",
               guest_judge_guess(bytes, size));
    return false;
  }
  if (judge->strange && counts.samples >= SAMPLES_LEAST && --judge->strange == STRANGE_MOST)
    judge->strange = 0;
  if (!judge->strange && !judge->off && !judge->clipping)
    judge->fault[0] = '\0';
  return !judge->fault[0];
}

/* ---- Opus ---- */

/* True where the datagram begins with the length of its rest, as on a stream. */
static bool is_framed(const uint8_t *bytes, size_t size) {
  return size > ORIEL_AUDIO_LENGTH_SIZE && (size_t)(bytes[0] << 8 | bytes[1]) == size - ORIEL_AUDIO_LENGTH_SIZE;
}

static void watch_spacing(struct guest_judge *judge, size_t size, unsigned frames, uint64_t now_ns) {
  const uint64_t length_ns = frames * ORIEL_NS_PER_SECOND / ORIEL_AUDIO_RATE, gap_ns = now_ns - judge->last_ns;
  judge->apart += judge->packets && gap_ns > OPUS_SPACING * length_ns && gap_ns < pause_ns;
  judge->last_ns = now_ns;
  if (judge->packets < OPUS_PACKETS) {
    judge->begun_ns = judge->packets ? judge->begun_ns : now_ns;
    judge->long_ones += size > SILENCE_MOST;
    judge->packets++;
    return;
  }
  const bool spaced = judge->apart >= OPUS_PACKETS - 1; /* all of them: a sender may pause between words */
  judge->regular = !spaced;
  if (spaced && judge->long_ones * 2 > OPUS_PACKETS)
    snprintf(judge->fault, sizeof judge->fault, "sends packets of %u ms every %u ms: that is no Opus",
             frames * 1000 / ORIEL_AUDIO_RATE, (unsigned)((now_ns - judge->begun_ns) / OPUS_PACKETS / ORIEL_NS_PER_MS));
  else if (!judge->framed)
    judge->fault[0] = '\0';
  judge->packets = judge->long_ones = judge->apart = 0;
}

bool guest_judge_opus(struct guest_judge *judge, const uint8_t *bytes, size_t size, unsigned frames, bool is_datagram,
                      uint64_t now_ns) {
  const bool framed = is_datagram && is_framed(bytes, size);
  judge->framed = framed ? judge->framed + 1 : 0;
  if (judge->framed >= FRAMED_MOST)
    snprintf(judge->fault, sizeof judge->fault,
             "puts a length in front of each packet, as for a stream, not datagrams");
  watch_spacing(judge, size, frames, now_ns);
  /* Of a length that no sender of ours has it is heard once the time between packets agrees. */
  const bool usual = frames >= OPUS_FRAMES_LEAST && frames <= OPUS_FRAMES_MOST;
  return !framed && !judge->fault[0] && (usual || judge->regular);
}
