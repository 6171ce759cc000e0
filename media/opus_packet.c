/* SPDX-License-Identifier: MIT
 *
 * The outer form of Opus packets. Any thread.
 */
#include "media/opus_packet.h"

#include <errno.h>
#include <limits.h>
#include <opus/opus.h>

#include "media/opus.h"

enum { DOUBT_BAD = 4, DOUBT_CHANGE = 3, DOUBT_MAX = 60 };

int oriel_opus_packet_frames(const void *packet, size_t size) {
  opus_int16 sizes[48];
  if (!size || size > INT_MAX)
    return -EBADMSG;
  const int count = opus_packet_parse(packet, (opus_int32)size, NULL, NULL, sizes, NULL);
  const int frames = count > 0 ? count * opus_packet_get_samples_per_frame(packet, ORIEL_OPUS_RATE) : 0;
  return frames > 0 && frames <= ORIEL_OPUS_FRAMES_MAX ? frames : -EBADMSG;
}

bool oriel_opus_trust_take(struct oriel_opus_trust *trust, int frames) {
  if (frames <= 0)
    trust->doubt += DOUBT_BAD;
  else if (trust->before && (unsigned)frames != trust->frames && (unsigned)frames != trust->before)
    trust->doubt += DOUBT_CHANGE;
  else if (trust->doubt)
    trust->doubt--;
  if (trust->doubt > DOUBT_MAX + DOUBT_BAD)
    trust->doubt = DOUBT_MAX + DOUBT_BAD; /* datagrams go on: a few good ones make up for it */
  if (frames > 0 && (unsigned)frames != trust->frames) {
    trust->before = trust->frames;
    trust->frames = (unsigned)frames;
  }
  return trust->doubt < DOUBT_MAX;
}
