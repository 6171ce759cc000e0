/* SPDX-License-Identifier: MIT
 *
 * Indices and replay windows. Caller's thread.
 */
#include "webrtc/srtp_stream.h"

#include <errno.h>
#include <stddef.h>

/** The SSRC's own, or one that is free, or NULL. None is ever given up for another: its window would be lost, and with
 *  it what keeps old packets out. */
static struct srtp_stream *find(struct srtp_streams *streams, uint32_t ssrc) {
  for (unsigned i = 0; i < ORIEL_SRTP_STREAMS_MAX; i++)
    if (!streams->streams[i].used || streams->streams[i].ssrc == ssrc)
      return &streams->streams[i];
  return NULL;
}

static int place_at(struct srtp_stream *stream, uint32_t ssrc, uint64_t index, struct srtp_place *place) {
  if (stream && stream->used && index <= stream->newest &&
      (stream->newest - index >= SRTP_WINDOW || stream->seen >> (stream->newest - index) & 1))
    return -EALREADY;
  *place = (struct srtp_place){ .stream = stream, .ssrc = ssrc, .index = index };
  return 0;
}

int oriel_srtp_place_rtp(struct srtp_streams *streams, uint32_t ssrc, uint16_t sequence, struct srtp_place *place) {
  struct srtp_stream *stream = find(streams, ssrc);
  if (!stream || !stream->used)
    return place_at(stream, ssrc, sequence, place);
  const int ahead = (int16_t)(uint16_t)(sequence - (uint16_t)stream->newest);
  if (ahead < 0 && stream->newest < (uint64_t)-ahead)
    return -EALREADY; /* before the first round */
  return place_at(stream, ssrc, stream->newest + (uint64_t)(int64_t)ahead, place);
}

int oriel_srtp_place_rtcp(struct srtp_streams *streams, uint32_t ssrc, uint32_t index, struct srtp_place *place) {
  return place_at(find(streams, ssrc), ssrc, index, place);
}

void oriel_srtp_place_take(const struct srtp_place *place) {
  struct srtp_stream *stream = place->stream;
  if (!stream->used) {
    *stream = (struct srtp_stream){ .ssrc = place->ssrc, .used = true, .newest = place->index, .seen = 1 };
    return;
  }
  if (place->index <= stream->newest) {
    stream->seen |= UINT64_C(1) << (stream->newest - place->index);
    return;
  }
  const uint64_t ahead = place->index - stream->newest;
  stream->seen = (ahead < SRTP_WINDOW ? stream->seen << ahead : 0) | 1;
  stream->newest = place->index;
}
