/* SPDX-License-Identifier: MIT
 *
 * What the sessions of one desktop share: the pictures of its renditions and its sound, cut into RTP payloads once, and
 * those of the last second to be sent again. All renditions share one history, so that a session may go over from one to
 * another and still repeat what it sent before. Fields are the feed's and its sessions'.
 *
 * Thread-safety: none; the network thread.
 */
#ifndef ORIEL_WEBRTC_FEED_H
#define ORIEL_WEBRTC_FEED_H

#include "core/packet.h"
#include "webrtc/rtp_history.h"
#include "webrtc/rtp_opus.h"

struct oriel_rtp_unit;

enum {
  ORIEL_FEED_RECENT = 8,     /* packets that one session may still take after another took a newer one */
  ORIEL_FEED_RENDITIONS = 8, /* of a desktop; packets of others are not sent */
};

/** A packet that was cut, and into what. */
struct oriel_feed_entry {
  struct oriel_packet *packet; /* held, so that no other one lies where it does */
  struct oriel_rtp_unit *unit; /* held */
};

struct oriel_feed_track {
  struct oriel_feed_entry recent[ORIEL_FEED_RECENT];
  unsigned next;
  /* Of pictures: the newest one. */
  uint32_t timestamp, sequence;
  uint64_t captured_ns;
  uint16_t number; /* of VP8's next; wraps */
  bool begun;
};

struct oriel_webrtc_feed {
  struct oriel_feed_track pictures[ORIEL_FEED_RENDITIONS], sounds;
  struct oriel_rtp_history history; /* of pictures */
  struct oriel_rtp_opus opus;
};

/** NULL when memory is short. */
struct oriel_webrtc_feed *oriel_webrtc_feed_create(void);
/** After all sessions that use it. NULL is fine. */
void oriel_webrtc_feed_destroy(struct oriel_webrtc_feed *feed);
/** The unit of a packet of pictures or of sound, cut at the first call for it and shared with all who call later; the
 *  caller's reference. NULL: it cannot be sent, memory is short, or it is a picture from before the newest, which is
 *  not remembered: cut now, it would have a later time than what follows it. */
struct oriel_rtp_unit *oriel_webrtc_feed_unit(struct oriel_webrtc_feed *feed, struct oriel_packet *packet,
                                              uint64_t now_ns);

#endif
