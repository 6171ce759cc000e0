/* SPDX-License-Identifier: MIT
 *
 * What the kernel says of a datagram beside its bytes, and is told. Any thread.
 */
#include "server/udp_message.h"

#include <netinet/udp.h>
#include <string.h>

/* ---- addresses ---- */

struct oriel_webrtc_address oriel_udp_address_of(const struct sockaddr *from) {
  if (from->sa_family == AF_INET) {
    struct sockaddr_in v4;
    memcpy(&v4, from, sizeof v4);
    return oriel_webrtc_address_make((const uint8_t *)&v4.sin_addr, 4, ntohs(v4.sin_port));
  }
  struct sockaddr_in6 v6;
  memcpy(&v6, from, sizeof v6);
  return oriel_webrtc_address_make((const uint8_t *)&v6.sin6_addr, 16, ntohs(v6.sin6_port));
}

static struct in6_addr as_v6(const struct oriel_webrtc_address *address) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  struct in6_addr bytes;
  if (address->size == 16) {
    memcpy(&bytes, address->bytes, sizeof bytes);
  } else {
    memcpy(&bytes, mapped, sizeof mapped);
    memcpy((uint8_t *)&bytes + sizeof mapped, address->bytes, 4);
  }
  return bytes;
}

socklen_t oriel_udp_fill_address(struct sockaddr_storage *to, const struct oriel_webrtc_address *address, bool v6) {
  *to = (struct sockaddr_storage){0};
  if (v6) {
    const struct sockaddr_in6 whole = {.sin6_family = AF_INET6, .sin6_port = htons(address->port),
                                       .sin6_addr = as_v6(address)};
    memcpy(to, &whole, sizeof whole);
    return sizeof whole;
  }
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
  memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
  memcpy(to, &v4, sizeof v4);
  return sizeof v4;
}

/* ---- what comes in ---- */

void oriel_udp_ask_control(int fd, bool v6, bool ends) {
  const int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  if (ends && v6)
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on); /* also of what comes by IPv4, mapped */
  else if (ends)
    (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

static void read_end(const struct cmsghdr *at, struct oriel_webrtc_address *local) {
  if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
    struct in_pktinfo v4;
    memcpy(&v4, CMSG_DATA(at), sizeof v4);
    *local = oriel_webrtc_address_make((const uint8_t *)&v4.ipi_spec_dst, 4, 0); /* ours, also of a broadcast */
  } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
    struct in6_pktinfo v6;
    memcpy(&v6, CMSG_DATA(at), sizeof v6);
    *local = oriel_webrtc_address_make((const uint8_t *)&v6.ipi6_addr, 16, 0);
  }
}

void oriel_udp_read_control(struct msghdr *message, struct oriel_webrtc_address *local, uint32_t *lost) {
  *local = (struct oriel_webrtc_address){.size = 0};
  for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
    if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL)
      memcpy(lost, CMSG_DATA(at), sizeof *lost);
    else
      read_end(at, local);
  }
}

/* ---- what goes out ---- */

static void add(struct msghdr *message, union oriel_udp_control *control, int level, int type, const void *data,
                size_t size) {
  struct cmsghdr *at = (struct cmsghdr *)(void *)(control->bytes + message->msg_controllen);
  *at = (struct cmsghdr){.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(size)};
  memcpy(CMSG_DATA(at), data, size);
  message->msg_control = control;
  message->msg_controllen += CMSG_SPACE(size);
}

void oriel_udp_write_control(struct msghdr *message, union oriel_udp_control *control,
                             const struct oriel_webrtc_address *local, bool v6, uint16_t part) {
  message->msg_control = NULL;
  message->msg_controllen = 0;
  if (part)
    add(message, control, SOL_UDP, UDP_SEGMENT, &part, sizeof part);
  if (local->size && v6) {
    const struct in6_pktinfo end = {.ipi6_addr = as_v6(local)};
    add(message, control, IPPROTO_IPV6, IPV6_PKTINFO, &end, sizeof end);
  } else if (local->size) {
    struct in_pktinfo end = {.ipi_ifindex = 0};
    memcpy(&end.ipi_spec_dst, local->bytes, sizeof end.ipi_spec_dst);
    add(message, control, IPPROTO_IP, IP_PKTINFO, &end, sizeof end);
  }
}
