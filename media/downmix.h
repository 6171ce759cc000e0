/* SPDX-License-Identifier: MIT
 *
 * Speaker layouts, and the downmix to stereo by ITU-R BS.775: left and right as they are, the centre and every other
 * speaker of a side 3 dB down, the low-frequency effects left out. Plain stereo in a device of any layout stays as loud
 * as it was, to the bit; where many speakers add up to more than full scale, the sum is turned down, at once, and comes
 * back over half a second. One implementation for agent and driver, which name their speakers by it.
 *
 * Thread-safety: one object, one thread; oriel_layout and oriel_upmix: any. Real-time safe.
 */
#ifndef ORIEL_MEDIA_DOWNMIX_H
#define ORIEL_MEDIA_DOWNMIX_H

#include <stdbool.h>
#include <stddef.h>

enum { ORIEL_SPEAKERS_MAX = 16 };

enum oriel_speaker {
  ORIEL_SPEAKER_NUMBERED, /* no place: odd ones count as left, even ones as right */
  ORIEL_SPEAKER_MONO,
  ORIEL_SPEAKER_LEFT, ORIEL_SPEAKER_RIGHT,
  ORIEL_SPEAKER_CENTRE,
  ORIEL_SPEAKER_LFE,
  ORIEL_SPEAKER_SURROUND_LEFT, ORIEL_SPEAKER_SURROUND_RIGHT, /* the first pair beside or behind the listener */
  ORIEL_SPEAKER_SECOND_LEFT, ORIEL_SPEAKER_SECOND_RIGHT,     /* the second pair */
  ORIEL_SPEAKER_BACK,
  ORIEL_SPEAKER_WIDE_LEFT, ORIEL_SPEAKER_WIDE_RIGHT,
  ORIEL_SPEAKER_TOP_FRONT_LEFT, ORIEL_SPEAKER_TOP_FRONT_RIGHT,
  ORIEL_SPEAKER_TOP_SIDE_LEFT, ORIEL_SPEAKER_TOP_SIDE_RIGHT,
  ORIEL_SPEAKER_TOP_BACK_LEFT, ORIEL_SPEAKER_TOP_BACK_RIGHT,
  ORIEL_SPEAKER_KINDS,
};

/** The usual layout of `channels` (1..16): mono, stereo, 3.0, quadraphonic, 5.0, 5.1, 6.1, 7.1; of 16 it is 9.1.6, and
 *  9 to 15 are 7.1 and numbered ones. */
void oriel_layout(unsigned channels, enum oriel_speaker layout[ORIEL_SPEAKERS_MAX]);

struct oriel_downmix {
  unsigned channels;
  bool is_plain; /* stereo already */
  float weights[ORIEL_SPEAKERS_MAX][2];
  float gain;    /* below 1 after a sum beyond full scale */
};

/** `layout` has `channels` (1..16) speakers. */
void oriel_downmix_init(struct oriel_downmix *downmix, const enum oriel_speaker *layout, unsigned channels);
/** `count` interleaved frames to stereo. */
void oriel_downmix(struct oriel_downmix *downmix, const float *frames, float *stereo, size_t count);
/** Stereo to `channels` (1..16): the mean to one; of more, the first two, and the others are silent. `frames` may be
 *  `stereo` where channels is 1 or 2. */
void oriel_upmix(const float *stereo, float *frames, unsigned channels, size_t count);

#endif
