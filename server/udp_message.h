/* SPDX-License-Identifier: MIT
 *
 * What the kernel says of a datagram beside its bytes, and is told: both of its ends, into how many it is to be cut, and
 * how many were lost before it.
 *
 * Thread-safety: values; any thread.
 */
#ifndef ORIEL_SERVER_UDP_MESSAGE_H
#define ORIEL_SERVER_UDP_MESSAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "webrtc/address.h"

/** Room for all that is said of one datagram. */
union oriel_udp_control {
  struct cmsghdr align;
  uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

struct oriel_webrtc_address oriel_udp_address_of(const struct sockaddr *from);
/** For a socket of IPv6 (`v6`) an IPv4 address as it is mapped. Its size. */
socklen_t oriel_udp_fill_address(struct sockaddr_storage *to, const struct oriel_webrtc_address *address, bool v6);

/** Has a socket say of each datagram how many were lost for want of room, and, with `ends`, to which address of this
 *  host it came. Kernels that cannot say so go on as before. */
void oriel_udp_ask_control(int fd, bool v6, bool ends);
/** What it said: the address of ours, without a port, *local; of size 0 where it did not. *lost is left as it is where
 *  nothing was lost since the socket was opened. */
void oriel_udp_read_control(struct msghdr *message, struct oriel_webrtc_address *local, uint32_t *lost);
/** Tells it from which address of ours a datagram is to leave, `local`; of size 0 = as it likes; and of what size the
 *  parts are into which it is to be cut, `part` bytes, 0 = it stays whole. `control` lives as long as the message. */
void oriel_udp_write_control(struct msghdr *message, union oriel_udp_control *control,
                             const struct oriel_webrtc_address *local, bool v6, uint16_t part);

#endif
