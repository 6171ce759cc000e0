/* SPDX-License-Identifier: MIT
 *
 * The UDP socket of all media: datagrams in by the handful, and out by the handful, as the kernel takes them.
 *
 * Thread-safety: the loop thread only; no call blocks.
 */
#ifndef ORIEL_SERVER_UDP_H
#define ORIEL_SERVER_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "webrtc/session.h"

enum {
  ORIEL_UDP_BATCH = 32,
  ORIEL_UDP_SEGMENTS = 16, /* datagrams that the kernel is given as one, at most */
};

struct oriel_udp_datagram {
  struct oriel_webrtc_path path; /* where it came from and to; where it is to go, and leave from */
  size_t size;
  uint8_t data[ORIEL_WEBRTC_DATAGRAM_MAX];
};

struct oriel_udp {
  int fd; /* -1 = closed */
  bool v6;
  uint16_t port;
  bool any; /* bound to all addresses of its family, or of both */
  struct oriel_webrtc_address address; /* to which it is bound, with its port */
  struct oriel_udp_datagram in[ORIEL_UDP_BATCH], out[ORIEL_UDP_BATCH];
  unsigned out_count;
  bool whole; /* the kernel or its device cuts nothing for us: each datagram goes by itself, for good */
  struct oriel_webrtc_address uncut; /* a host for which it does not, whatever the port; of size 0 = none */
  uint64_t received, sent; /* datagrams, those among the former that are of no use here, too */
  uint64_t cut; /* datagrams that went as part of a larger one */
  uint64_t lost; /* datagrams that came, and for which the socket had no room */
  uint32_t lost_seen; /* the same as the kernel last told it */
  uint64_t refused; /* datagrams that the kernel did not take for another reason than want of room in the socket */
};

/** Binds a non-blocking socket beside `listen`, at its address or, with `any`, at all; port 0 = any that is free. 0 or
 *  -errno. */
int oriel_udp_open(struct oriel_udp *udp, const struct sockaddr *listen, uint16_t port, bool any);
void oriel_udp_close(struct oriel_udp *udp);
/** Fills `in` with what came; how many, 0 = nothing waits. Longer ones than ORIEL_WEBRTC_DATAGRAM_MAX and those of port
 *  0, which nobody could answer, have size 0. */
unsigned oriel_udp_receive(struct oriel_udp *udp);
/** The place for the next datagram to send; NULL: there is no room, flush first. */
struct oriel_udp_datagram *oriel_udp_slot(struct oriel_udp *udp);
/** What was written to the slot is to be sent. */
void oriel_udp_commit(struct oriel_udp *udp);
/** Sends what waits. True when nothing is left; false: the socket takes no more now. */
bool oriel_udp_flush(struct oriel_udp *udp);
/** Addresses that a client can be told to send to, with the port: `count` of them at most; how many. Those of this host
 *  where the socket is bound to any: the ones that others can reach first; 0 where the system tells none of them for
 *  want of descriptors or memory. */
unsigned oriel_udp_addresses(const struct oriel_udp *udp, struct oriel_webrtc_address *addresses, unsigned count);

#endif
