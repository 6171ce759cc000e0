/* SPDX-License-Identifier: MIT
 *
 * A channel: the subscribers of one rendition, what they want all together, and packets offered to each. It knows
 * neither who they are nor how they send.
 *
 * Thread-safety: one lock for the channel, its subscribers and what their owners keep beside them. Demand and publish
 * from the thread that makes the packets, the rest from any; every function takes the lock. Nothing blocks under it,
 * and of this room's locks only leaves are taken (state.h).
 */
#ifndef ORIEL_DESKTOP_CHANNEL_H
#define ORIEL_DESKTOP_CHANNEL_H

#include <pthread.h>

#include "core/subscriber.h"
#include "media/bitrate.h"
#include "media/rendition.h"

struct oriel_channel_counters {
  uint64_t video, tiles, keys, sharpened, refined, openings; /* pictures */
  uint64_t video_bytes, tiles_bytes, refined_bytes;
  uint64_t failures;     /* pictures that could not be encoded */
  uint64_t key_requests;
  uint64_t bursts;       /* pictures closer than 8 ms to the one before (lesson 16) */
  uint64_t conversions;  /* pictures of which something was converted */
};

struct oriel_channel {
  pthread_mutex_t lock; /* guards the rest */
  bool tiles; /* constant: its packets may be tiles, while all who look take them */
  struct oriel_list subscribers;
  bool keeps_keys; /* the newest key frame, while that shows what the screen shows */
  struct oriel_packet *newest_key; /* the last picture of all, where that is a key frame: who comes takes it; or NULL */
  uint32_t sequence;   /* of the newest picture */
  uint64_t picture_ns; /* when it was encoded */
  const struct oriel_subscriber *reference; /* whose experience steers the bitrate; NULL when nobody looks */
  uint32_t carries_kbps; /* the least that one of those it is coded for carries; 0 = of none it is known */
  struct oriel_bitrate rate;
  uint32_t kbps;
  const char *encoder; /* static; "" before the first picture */
  struct oriel_channel_counters counters;
};

/** 0, -ENOMEM. */
int oriel_channel_init(struct oriel_channel *channel, bool tiles);
/** Nobody is in it any more. */
void oriel_channel_finish(struct oriel_channel *channel);

/** A subscriber that looks at nothing yet comes, or goes. */
void oriel_channel_join(struct oriel_channel *channel, struct oriel_subscriber *subscriber);
void oriel_channel_leave(struct oriel_channel *channel, struct oriel_subscriber *subscriber);

/** What those who look want. `damaged`: the screen shows something that they have not got. */
void oriel_channel_demand(struct oriel_channel *channel, bool damaged, uint64_t now_ns, struct oriel_demand *demand);
/** Offers a numbered packet to all; takes over the caller's reference. True when somebody draws all of a picture of
 *  which others draw a part: all of it has to be made exact again. */
bool oriel_channel_publish(struct oriel_channel *channel, struct oriel_packet *packet);
/** What was made last fits nobody any more, since a picture could not be made: who looks needs a key frame. */
void oriel_channel_fail(struct oriel_channel *channel);
/** Adds to `missed` what the subscribers miss of the refinement, which they do no longer. */
void oriel_channel_missed(struct oriel_channel *channel, struct oriel_damage *missed);
/** Forgets the newest key frame, and keeps the next ones or does not: unwatched, the screen changes unseen. */
void oriel_channel_keep_keys(struct oriel_channel *channel, bool keeps);
bool oriel_channel_has_key(struct oriel_channel *channel);
/** The bitrate for now, at most `cap_kbps`, and no more than one of those who look carries. */
uint32_t oriel_channel_kbps(struct oriel_channel *channel, uint32_t cap_kbps, uint64_t now_ns);
/** What its rendition says of itself: a static name, and pictures converted. */
void oriel_channel_describe(struct oriel_channel *channel, const char *encoder, uint64_t conversions);

#endif
