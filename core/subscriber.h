/* SPDX-License-Identifier: MIT
 *
 * A subscriber: whoever takes the packets of a rendition, at its own pace. At most one picture waits for it; what does
 * not fit breaks its sequence and nobody else's, and it goes on with what makes it whole again: the next video picture
 * where only tiles were missed, a key frame otherwise. How it sends is its owner's affair.
 *
 * Thread-safety: none; the lock of its channel guards it.
 */
#ifndef ORIEL_CORE_SUBSCRIBER_H
#define ORIEL_CORE_SUBSCRIBER_H

#include "core/list.h"
#include "core/packet.h"

struct oriel_subscriber;

struct oriel_subscriber_impl {
  /** True when one more picture may leave for it. Must not block nor take a lock. */
  bool (*has_room)(const struct oriel_subscriber *subscriber, uint64_t now_ns);
  /** When the oldest picture left that it has not confirmed; 0 = none is on its way. NULL: it confirms nothing. */
  uint64_t (*oldest_sent_ns)(const struct oriel_subscriber *subscriber);
};

/** Which packet fits what a subscriber has. */
enum oriel_sync {
  ORIEL_SYNC_NEEDS_KEY,   /* joining, or video was left out: nothing fits before a key frame (lesson 14) */
  ORIEL_SYNC_NEEDS_VIDEO, /* tiles were left out: the next video picture makes it whole, key or not; it covers them */
  ORIEL_SYNC_IN_SYNC,     /* the next of any kind */
};

/** How long a subscriber whose sequence breaks again and again waits for its key frame. */
struct oriel_backoff {
  unsigned level;
  uint64_t last_ns;
};
/** It broke now. Returns the earliest time for the key frame that takes it up again: at once the first time, then 1, 2,
 *  4, 4 ... seconds later while breaks come within ten seconds of each other. */
uint64_t oriel_backoff_break(struct oriel_backoff *backoff, uint64_t now_ns);

struct oriel_subscriber {
  const struct oriel_subscriber_impl *impl;
  struct oriel_list node; /* in its channel */
  bool looks;             /* wants pictures now */
  bool draws_parts;       /* constant: of a video picture it draws only the part that changed */
  bool no_tiles;          /* constant: it takes video alone; another may beside it, which then gets no other tiles */
  bool full_size;         /* constant: it relies on pictures of the screen's own size */
  enum oriel_sync sync;
  struct oriel_packet *waiting; /* at most one (lesson 32); or NULL */
  bool was_handed;              /* it was made before the subscriber came */
  bool is_stuck;                /* its sequence broke, and it took nothing since: a key frame would be made for nobody */
  bool is_skipping;             /* it could not keep up, and waits for a key frame */
  bool skip_due;                /* it is to be told of what was left out */
  uint32_t skipped;             /* left out since it was told */
  uint64_t key_after_ns;        /* no key frame is made for it before */
  uint64_t content_until_ns;    /* nor before this, but for news: what it draws now is the same */
  struct oriel_backoff backoff;
  struct oriel_damage unrefined; /* missed this part of the refinement: its still screen is not exact there */
  uint64_t left_out, breaks;     /* counters */
};

/** A subscriber that looks at nothing yet and is in no channel. */
void oriel_subscriber_init(struct oriel_subscriber *subscriber, const struct oriel_subscriber_impl *impl);
/** Releases what waits; it must be in no channel any more. */
void oriel_subscriber_finish(struct oriel_subscriber *subscriber);

/** True when it looks and can take a picture now. */
bool oriel_subscriber_is_ready(const struct oriel_subscriber *subscriber, uint64_t now_ns);
/** Offers the next packet of the sequence, of which it takes a reference if it fits. Returns true when the subscriber
 *  draws all of a picture of which others draw a part. */
bool oriel_subscriber_offer(struct oriel_subscriber *subscriber, struct oriel_packet *packet, uint64_t now_ns);
/** Gives one that waits for a key frame the key frame that is the newest packet. */
void oriel_subscriber_hand_over(struct oriel_subscriber *subscriber, struct oriel_packet *key);
/** What waits, for its owner to send: the caller's reference; NULL when nothing does. */
struct oriel_packet *oriel_subscriber_take(struct oriel_subscriber *subscriber);
/** Drops what waits: nothing fits before a key frame, of which none is made for it before `key_after_ns`. */
void oriel_subscriber_need_key(struct oriel_subscriber *subscriber, uint64_t key_after_ns);
/** When a key frame is due for one that waits for it; `news`: the picture is another than it shows. */
uint64_t oriel_subscriber_key_ns(const struct oriel_subscriber *subscriber, bool news);
/** Since when one that is behind is so, for who would wait for it; 0 = it is not. */
uint64_t oriel_subscriber_behind_ns(const struct oriel_subscriber *subscriber);

#endif
