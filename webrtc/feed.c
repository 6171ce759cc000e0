/* SPDX-License-Identifier: MIT
 *
 * Packets of a desktop as units of RTP. Network thread.
 */
#include "webrtc/feed.h"

#include <stdlib.h>

#include "webrtc/rtp.h"
#include "webrtc/rtp_h264.h"
#include "webrtc/rtp_unit.h"
#include "webrtc/rtp_vp8.h"

struct oriel_webrtc_feed *oriel_webrtc_feed_create(void) {
  struct oriel_webrtc_feed *feed = calloc(1, sizeof *feed);
  if (feed)
    oriel_rtp_history_init(&feed->history);
  return feed;
}

static void release(struct oriel_feed_entry *entry) {
  oriel_rtp_unit_unref(entry->unit);
  oriel_packet_unref(entry->packet);
  *entry = (struct oriel_feed_entry){0};
}

static void release_all(struct oriel_feed_track *track) {
  for (unsigned i = 0; i < ORIEL_FEED_RECENT; i++)
    release(&track->recent[i]);
}

void oriel_webrtc_feed_destroy(struct oriel_webrtc_feed *feed) {
  if (!feed)
    return;
  for (unsigned i = 0; i < ORIEL_FEED_RENDITIONS; i++)
    release_all(&feed->pictures[i]);
  release_all(&feed->sounds);
  oriel_rtp_history_finish(&feed->history);
  free(feed);
}

/* Receivers tell pictures apart by their timestamps, and a quality pass may be of the moment of what it betters. */
static uint32_t picture_time(struct oriel_feed_track *track, uint64_t captured_ns) {
  const uint32_t clock = oriel_rtp_ticks(captured_ns, ORIEL_RTP_VIDEO_CLOCK);
  track->timestamp = track->begun && (int32_t)(clock - track->timestamp) <= 0 ? track->timestamp + 1 : clock;
  track->begun = true;
  return track->timestamp;
}

/* By both, since the numbers begin anew with a new encoder. */
static bool is_late(const struct oriel_feed_track *track, const struct oriel_packet *packet) {
  return track->begun && (int32_t)(packet->sequence - track->sequence) < 0 && packet->captured_ns < track->captured_ns;
}

static int packetise(const struct oriel_feed_track *track, const struct oriel_packet *packet,
                     struct oriel_rtp_unit **unit) {
  if (packet->codec == ORIEL_CODEC_VP8)
    return oriel_rtp_vp8_packetise(packet->data, packet->size, track->number, ORIEL_RTP_PAYLOAD_MAX, unit);
  return oriel_rtp_h264_packetise(packet->data, packet->size, ORIEL_RTP_PAYLOAD_MAX, unit);
}

static struct oriel_rtp_unit *cut_picture(struct oriel_webrtc_feed *feed, struct oriel_feed_track *track,
                                          const struct oriel_packet *packet, uint64_t now_ns) {
  struct oriel_rtp_unit *unit = NULL;
  if (is_late(track, packet) || packetise(track, packet, &unit) < 0)
    return NULL;
  unit->timestamp = picture_time(track, packet->captured_ns);
  unit->captured_ns = track->captured_ns = packet->captured_ns;
  track->sequence = packet->sequence;
  track->number++;
  oriel_rtp_history_add(&feed->history, unit, now_ns);
  return unit;
}

static struct oriel_rtp_unit *cut(struct oriel_webrtc_feed *feed, struct oriel_feed_track *track,
                                  const struct oriel_packet *packet, uint64_t now_ns) {
  struct oriel_rtp_unit *unit = NULL;
  if (packet->kind == ORIEL_PACKET_VIDEO)
    return cut_picture(feed, track, packet, now_ns);
  if (packet->kind == ORIEL_PACKET_AUDIO)
    (void)oriel_rtp_opus_packetise(&feed->opus, packet->data, packet->size, packet->captured_ns, ORIEL_RTP_PAYLOAD_MAX,
                                   &unit);
  return unit;
}

/* NULL: there is none for it. */
static struct oriel_feed_track *track_of(struct oriel_webrtc_feed *feed, const struct oriel_packet *packet) {
  if (packet->kind == ORIEL_PACKET_AUDIO)
    return &feed->sounds;
  return packet->rendition < ORIEL_FEED_RENDITIONS ? &feed->pictures[packet->rendition] : NULL;
}

struct oriel_rtp_unit *oriel_webrtc_feed_unit(struct oriel_webrtc_feed *feed, struct oriel_packet *packet,
                                              uint64_t now_ns) {
  struct oriel_feed_track *track = track_of(feed, packet);
  if (!track)
    return NULL;
  for (unsigned i = 0; i < ORIEL_FEED_RECENT; i++) {
    if (track->recent[i].packet == packet)
      return oriel_rtp_unit_ref(track->recent[i].unit);
  }
  struct oriel_rtp_unit *unit = cut(feed, track, packet, now_ns);
  if (!unit)
    return NULL;
  struct oriel_feed_entry *entry = &track->recent[track->next++ % ORIEL_FEED_RECENT];
  release(entry);
  *entry = (struct oriel_feed_entry){oriel_packet_ref(packet), unit};
  return oriel_rtp_unit_ref(unit);
}
