/* SPDX-License-Identifier: MIT
 *
 * Two ends of SCTP with a network between them that loses, doubles and delays what its seed says, in virtual time. The
 * library's own clock, gettimeofday, is the test's in a program that includes this. For tests. One thread.
 */
#ifndef ORIEL_TESTS_WEBRTC_SCTP_NET_H
#define ORIEL_TESTS_WEBRTC_SCTP_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

#include "core/clock.h"
#include "webrtc/sctp.h"

enum { NET_PACKETS = 256 };

struct net_packet {
  uint64_t due_ns; /* 0 = the place is free */
  unsigned to;
  size_t size;
  uint8_t data[ORIEL_SCTP_PACKET_MAX];
};

struct net {
  struct oriel_sctp *ends[2];
  uint64_t delay_ns, jitter_ns; /* later ones may overtake: jitter */
  double loss, twice;           /* probabilities */
  uint32_t seed;
  unsigned sent, lost;
  struct net_packet packets[NET_PACKETS];
};

static uint64_t net_now_ns = 1000 * ORIEL_NS_PER_SECOND;

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  time->tv_sec = (time_t)(net_now_ns / ORIEL_NS_PER_SECOND);
  time->tv_usec = (suseconds_t)(net_now_ns % ORIEL_NS_PER_SECOND / 1000);
  return 0;
}

/** 0 to below 1. */
static inline double net_random(struct net *net) {
  net->seed = net->seed * 1664525u + 1013904223u;
  return (net->seed >> 8) / 16777216.0;
}

static inline void net_carry(struct net *net, unsigned to, const uint8_t *data, size_t size) {
  net->sent++;
  if (net_random(net) < net->loss) {
    net->lost++;
    return;
  }
  for (unsigned i = 0; i < NET_PACKETS; i++) {
    struct net_packet *packet = &net->packets[i];
    if (packet->due_ns)
      continue;
    packet->due_ns = net_now_ns + net->delay_ns + (uint64_t)(net_random(net) * (double)net->jitter_ns) + 1;
    packet->to = to;
    packet->size = size;
    memcpy(packet->data, data, size);
    return;
  }
}

/** What both have to send is on its way. */
static inline void net_collect(struct net *net) {
  uint8_t packet[ORIEL_SCTP_PACKET_MAX];
  for (unsigned from = 0; from < 2; from++) {
    size_t size;
    while (net->ends[from] && (size = oriel_sctp_next(net->ends[from], packet)) > 0) {
      net_carry(net, !from, packet, size);
      if (net_random(net) < net->twice)
        net_carry(net, !from, packet, size);
    }
  }
}

/** A millisecond passes. */
static inline void net_step(struct net *net) {
  net_now_ns += ORIEL_NS_PER_MS;
  for (unsigned i = 0; i < NET_PACKETS; i++) {
    struct net_packet *packet = &net->packets[i];
    if (!packet->due_ns || packet->due_ns > net_now_ns)
      continue;
    packet->due_ns = 0;
    if (net->ends[packet->to])
      oriel_sctp_receive(net->ends[packet->to], packet->data, packet->size, net_now_ns);
  }
  oriel_sctp_tick(net_now_ns);
  net_collect(net);
}

static inline void net_run(struct net *net, unsigned ms) {
  for (unsigned i = 0; i < ms; i++)
    net_step(net);
}

#endif
