/* SPDX-License-Identifier: MIT
 *
 * The outer form of Opus packets. Any thread.
 */
#include "media/opus_packet.h"

#include <errno.h>
#include <limits.h>
#include <opus/opus.h>

#include "media/opus.h"

enum { PENALTY_BAD = 4, PENALTY_CHANGE = 3, PENALTY_MAX = 60 };

int oriel_opus_packet_frames(const void *packet, size_t size) {
  opus_int16 sizes[48];
  if (!size || size > INT_MAX)
    return -EBADMSG;
  const int count = opus_packet_parse(packet, (opus_int32)size, NULL, NULL, sizes, NULL);
  const int frames = count > 0 ? count * opus_packet_get_samples_per_frame(packet, ORIEL_OPUS_RATE) : 0;
  return frames > 0 && frames <= ORIEL_OPUS_FRAMES_MAX ? frames : -EBADMSG;
}

bool oriel_opus_plausibility_take(struct oriel_opus_plausibility *plausibility, int frames) {
  if (frames <= 0)
    plausibility->penalty += PENALTY_BAD;
  else if (plausibility->before && (unsigned)frames != plausibility->frames && (unsigned)frames != plausibility->before)
    plausibility->penalty += PENALTY_CHANGE;
  else if (plausibility->penalty)
    plausibility->penalty--;
  if (plausibility->penalty > PENALTY_MAX + PENALTY_BAD)
    plausibility->penalty = PENALTY_MAX + PENALTY_BAD; /* datagrams go on: a few good ones make up for it */
  if (frames > 0 && (unsigned)frames != plausibility->frames) {
    plausibility->before = plausibility->frames;
    plausibility->frames = (unsigned)frames;
  }
  return plausibility->penalty < PENALTY_MAX;
}
