/* SPDX-License-Identifier: MIT
 *
 * A link in virtual time: a queue of so many bytes before a rate, then delay, jitter and random loss from a seed. For
 * tests. One thread.
 */
#ifndef ORIEL_TESTS_WEBRTC_LINK_H
#define ORIEL_TESTS_WEBRTC_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_PACKETS = 16384 };

struct link_packet {
  uint32_t bytes;
  uint32_t id; /* the user's */
  uint64_t at_ns; /* of one that is under way: when it arrives */
  bool lost;
};

struct link {
  uint64_t rate_bps, delay_ns, jitter_ns;
  uint32_t queue_max; /* bytes */
  double loss;        /* 0..1, after the queue */
  uint32_t seed;
  /* Inside. */
  struct link_packet queue[LINK_PACKETS], way[LINK_PACKETS];
  unsigned queue_first, queue_count, way_first, way_count;
  uint32_t queued;    /* bytes */
  double credit;      /* bytes that may pass, of a step */
  uint64_t now_ns;
  uint64_t last_ns;   /* arrival of the packet before: jitter keeps their order */
};

/** A number in [0, 1), the next of the seed's. */
double link_random(struct link *link);
/** A packet enters. False: the queue is full, and it is lost. */
bool link_send(struct link *link, uint32_t bytes, uint32_t id);
/** Lets time pass until `now_ns`, in steps of at most a millisecond. */
void link_run(struct link *link, uint64_t now_ns);
/** The next packet that is through by now; `lost` when the link lost it. False: none. */
bool link_take(struct link *link, struct link_packet *packet);
/** How long what is queued takes, ns. */
uint64_t link_queue_ns(const struct link *link);

#endif
