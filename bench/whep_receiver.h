/* SPDX-License-Identifier: MIT
 *
 * A client of WebRTC that plays nothing: it connects, counts and drops what it is sent, and reports as a browser does
 * (receiver reports each second, transport-wide feedback each 50 ms). For benchmarks.
 *
 * Thread-safety: none; one thread for all.
 */
#ifndef ORIEL_BENCH_WHEP_RECEIVER_H
#define ORIEL_BENCH_WHEP_RECEIVER_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "webrtc/rtp.h"
#include "webrtc/srtp.h"

enum {
  RECEIVER_ARRIVALS = 512, /* packets between two feedbacks, at most: 100 Mbit/s */
  RECEIVER_SECRET = 257,   /* longest ufrag or password, and its end */
};

/** What the other side's description says. */
struct receiver_peer {
  bool lite; /* it only answers checks, as a server of WHEP may; else it makes them, and we are the lite one */
  struct sockaddr_in address; /* of a lite one */
  char ufrag[RECEIVER_SECRET], password[RECEIVER_SECRET];
  uint8_t transport_id; /* of the header extension for feedback; 0 = it sends none */
};

enum receiver_state { RECEIVER_IDLE, RECEIVER_CHECKING, RECEIVER_SHAKING, RECEIVER_OPEN, RECEIVER_BROKEN };

struct receiver_counts {
  uint64_t packets, bytes, missed, authentic, forged, feedbacks;
};

struct receiver {
  int fd;
  struct sockaddr_in local;
  char ufrag[9], password[25];
  enum receiver_state state;
  struct receiver_peer peer;
  SSL *ssl;
  struct oriel_srtp *in, *out;
  uint64_t check_ns, shake_ns, report_ns, feedback_ns; /* when they are due */
  uint32_t checks;
  /* Of the stream that comes in. */
  uint32_t ssrc, highest, first;
  uint64_t received, received_before, expected_before;
  uint16_t transport_next; /* number after the last that was told of */
  bool transport_begun;
  int64_t arrivals_us[RECEIVER_ARRIVALS]; /* from transport_next on; FEEDBACK_LOST where none came */
  unsigned arrival_count;
  uint8_t feedback_number;
  struct receiver_counts counts;
};

/** Binds it to a port of `address` (host order). 0 or -errno. */
int receiver_open(struct receiver *receiver, uint32_t address);
void receiver_close(struct receiver *receiver);
/** Begins to connect; `context` is of DTLS, with a certificate. */
void receiver_connect(struct receiver *receiver, const struct receiver_peer *peer, SSL_CTX *context, uint64_t now_ns);
/** Takes all that came. */
void receiver_take(struct receiver *receiver, uint64_t now_ns);
/** Sends what is due. */
void receiver_tick(struct receiver *receiver, uint64_t now_ns);

#endif
