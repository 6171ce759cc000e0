/* SPDX-License-Identifier: MIT
 *
 * Packets of a desktop as units of RTP. Network thread.
 */
#include "webrtc/feed.h"

#include <stdlib.h>

#include "webrtc/rtp.h"
#include "webrtc/rtp_h264.h"
#include "webrtc/rtp_unit.h"

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

void oriel_webrtc_feed_destroy(struct oriel_webrtc_feed *feed) {
  if (!feed)
    return;
  for (unsigned i = 0; i < ORIEL_FEED_RECENT; i++) {
    release(&feed->pictures.recent[i]);
    release(&feed->sounds.recent[i]);
  }
  oriel_rtp_history_finish(&feed->history);
  free(feed);
}

/* Receivers tell pictures apart by their timestamps, and a quality pass may be of the moment of what it betters. */
static uint32_t picture_time(struct oriel_webrtc_feed *feed, uint64_t captured_ns) {
  const uint32_t clock = oriel_rtp_ticks(captured_ns, ORIEL_RTP_VIDEO_CLOCK);
  feed->timestamp = feed->begun && (int32_t)(clock - feed->timestamp) <= 0 ? feed->timestamp + 1 : clock;
  feed->begun = true;
  return feed->timestamp;
}

/* By both, since the numbers begin anew with a new encoder. */
static bool is_late(const struct oriel_webrtc_feed *feed, const struct oriel_packet *packet) {
  return feed->begun && (int32_t)(packet->sequence - feed->sequence) < 0 && packet->captured_ns < feed->captured_ns;
}

static struct oriel_rtp_unit *cut_picture(struct oriel_webrtc_feed *feed, const struct oriel_packet *packet,
                                    uint64_t now_ns) {
  struct oriel_rtp_unit *unit = NULL;
  if (is_late(feed, packet) ||
      oriel_rtp_h264_packetise(packet->data, packet->size, ORIEL_RTP_PAYLOAD_MAX, &unit) < 0)
    return NULL;
  unit->timestamp = picture_time(feed, packet->captured_ns);
  unit->captured_ns = feed->captured_ns = packet->captured_ns;
  feed->sequence = packet->sequence;
  oriel_rtp_history_add(&feed->history, unit, now_ns);
  return unit;
}

static struct oriel_rtp_unit *cut(struct oriel_webrtc_feed *feed, const struct oriel_packet *packet, uint64_t now_ns) {
  struct oriel_rtp_unit *unit = NULL;
  if (packet->kind == ORIEL_PACKET_VIDEO)
    return cut_picture(feed, packet, now_ns);
  if (packet->kind == ORIEL_PACKET_AUDIO)
    (void)oriel_rtp_opus_packetise(&feed->opus, packet->data, packet->size, packet->captured_ns, ORIEL_RTP_PAYLOAD_MAX,
                                   &unit);
  return unit;
}

struct oriel_rtp_unit *oriel_webrtc_feed_unit(struct oriel_webrtc_feed *feed, struct oriel_packet *packet,
                                              uint64_t now_ns) {
  struct oriel_feed_track *track = packet->kind == ORIEL_PACKET_AUDIO ? &feed->sounds : &feed->pictures;
  for (unsigned i = 0; i < ORIEL_FEED_RECENT; i++) {
    if (track->recent[i].packet == packet)
      return oriel_rtp_unit_ref(track->recent[i].unit);
  }
  struct oriel_rtp_unit *unit = cut(feed, packet, now_ns);
  if (!unit)
    return NULL;
  struct oriel_feed_entry *entry = &track->recent[track->next++ % ORIEL_FEED_RECENT];
  release(entry);
  *entry = (struct oriel_feed_entry){oriel_packet_ref(packet), unit};
  return oriel_rtp_unit_ref(unit);
}
