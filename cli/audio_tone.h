/* SPDX-License-Identifier: MIT
 *
 * A known sound as packets, for `oriel audio test`. Thread-safety: one tone, one thread.
 */
#ifndef ORIEL_CLI_AUDIO_TONE_H
#define ORIEL_CLI_AUDIO_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oriel_opus_encoder;

/** A burst lasts a fifth of its period: delays up to four fifths of a second have one meaning. */
enum { ORIEL_TONE_BURST_MS = 200, ORIEL_TONE_PERIOD_MS = 1000, ORIEL_TONE_FRAMES_MAX = 960 };
#define ORIEL_TONE_LEVEL 0.25f /* -12 dBFS */

struct oriel_tone {
  double hz;
  bool is_burst, is_pcm;
  unsigned frames;                    /* of a period */
  struct oriel_opus_encoder *encoder; /* NULL for PCM */
  uint64_t position, start_ns;        /* frames made; when frame 0 was due */
  float samples[ORIEL_TONE_FRAMES_MAX * 2];
};

/** `frame_us` 0: 20 ms of Opus, 2.5 ms of PCM. 0, -errno of the encoder. */
int oriel_tone_init(struct oriel_tone *tone, double hz, bool is_burst, bool is_pcm, uint32_t frame_us);
void oriel_tone_finish(struct oriel_tone *tone);
/** When the next period is complete and should be sent. The first call starts the clock. */
uint64_t oriel_tone_due_ns(struct oriel_tone *tone, uint64_t now_ns);
typedef void oriel_tone_packet_fn(void *owner, const uint8_t *packet, size_t size);
/** Makes the next period into tone->samples and its packets. 0, -errno. */
int oriel_tone_next(struct oriel_tone *tone, oriel_tone_packet_fn *packet, void *owner);

#endif
