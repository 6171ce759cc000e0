/* SPDX-License-Identifier: MIT
 *
 * The UDP socket of all media. Loop thread.
 */
#include "server/udp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "server/udp_message.h"

enum { BUFFER_SIZE = 1024 * 1024 }; /* of the kernel, each way: a key frame to each of some viewers at once */

static bool is_any(const struct oriel_webrtc_address *address) {
  static const uint8_t none[16];
  return memcmp(address->bytes, none, sizeof none) == 0;
}

/* ---- the socket ---- */

/** Ours are small enough for any way, and those of IPv4 may be cut on it: what routers say of a way's size, and anybody
 *  can say in their name, makes none smaller. */
static void ignore_path_size(const struct oriel_udp *udp) {
  const int v4 = IP_PMTUDISC_OMIT, v6 = IPV6_PMTUDISC_OMIT;
  (void)setsockopt(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4); /* also what a socket of IPv6 sends by IPv4 */
  if (udp->v6)
    (void)setsockopt(udp->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
}

static int bind_to(struct oriel_udp *udp, const struct sockaddr_storage *address, socklen_t size) {
  const int off = 0, buffer = BUFFER_SIZE;
  udp->fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (udp->fd < 0)
    return -errno;
  if (udp->v6)
    (void)setsockopt(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  ignore_path_size(udp);
  (void)setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer); /* as much of it as may be */
  (void)setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (bind(udp->fd, (const struct sockaddr *)address, size) < 0) {
    const int status = -errno;
    oriel_udp_close(udp);
    return status;
  }
  return 0;
}

int oriel_udp_open(struct oriel_udp *udp, const struct sockaddr *listen, uint16_t port, bool any) {
  struct oriel_webrtc_address address = oriel_udp_address_of(listen);
  struct sockaddr_storage bound = {0};
  memset(udp, 0, sizeof *udp);
  udp->fd = -1;
  udp->v6 = listen->sa_family == AF_INET6;
  if (any)
    memset(address.bytes, 0, sizeof address.bytes);
  address.port = port;
  socklen_t size = oriel_udp_fill_address(&bound, &address, udp->v6);
  const int status = bind_to(udp, &bound, size);
  if (status < 0)
    return status;
  size = sizeof bound;
  if (getsockname(udp->fd, (struct sockaddr *)&bound, &size) < 0) {
    oriel_udp_close(udp);
    return -EIO;
  }
  udp->address = oriel_udp_address_of((const struct sockaddr *)&bound);
  udp->port = udp->address.port;
  udp->any = is_any(&udp->address);
  oriel_udp_ask_control(udp->fd, udp->v6, udp->any);
  return 0;
}

void oriel_udp_close(struct oriel_udp *udp) {
  if (udp->fd >= 0)
    close(udp->fd);
  udp->fd = -1;
}

/** What the kernel said of a message that came. */
static void take_message(struct oriel_udp *udp, struct oriel_udp_datagram *datagram, struct mmsghdr *message) {
  uint32_t lost = udp->lost_seen;
  datagram->path.peer = oriel_udp_address_of((const struct sockaddr *)message->msg_hdr.msg_name);
  oriel_udp_read_control(&message->msg_hdr, &datagram->path.local, &lost);
  udp->lost += lost - udp->lost_seen; /* the kernel's counter wraps */
  udp->lost_seen = lost;
  const bool fits = !(message->msg_hdr.msg_flags & MSG_TRUNC) && datagram->path.peer.port;
  datagram->size = fits ? message->msg_len : 0;
}

unsigned oriel_udp_receive(struct oriel_udp *udp) {
  struct mmsghdr messages[ORIEL_UDP_BATCH] = {0};
  struct sockaddr_storage from[ORIEL_UDP_BATCH];
  union oriel_udp_control controls[ORIEL_UDP_BATCH];
  struct iovec parts[ORIEL_UDP_BATCH];
  for (unsigned i = 0; i < ORIEL_UDP_BATCH; i++) {
    parts[i] = (struct iovec){udp->in[i].data, sizeof udp->in[i].data};
    messages[i].msg_hdr = (struct msghdr){
      .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1,
      .msg_control = &controls[i], .msg_controllen = sizeof controls[i]};
  }
  const int count = recvmmsg(udp->fd, messages, ORIEL_UDP_BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++)
    take_message(udp, &udp->in[i], &messages[i]);
  udp->received += count > 0 ? (unsigned)count : 0;
  return count > 0 ? (unsigned)count : 0;
}

struct oriel_udp_datagram *oriel_udp_slot(struct oriel_udp *udp) {
  return udp->out_count < ORIEL_UDP_BATCH ? &udp->out[udp->out_count] : NULL;
}

void oriel_udp_commit(struct oriel_udp *udp) {
  udp->out_count++;
}

/** What the kernel is given as one datagram: its parts are of one size, but for a smaller last one, and it cuts them
 *  apart again (UDP_SEGMENT). One way down its layers for all costs a fifth of one for each. */
struct group {
  unsigned count;
  struct sockaddr_storage to;
  union oriel_udp_control control;
};

static bool same_host(const struct oriel_webrtc_address *a, const struct oriel_webrtc_address *b) {
  return a->size == b->size && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static unsigned count_group(const struct oriel_udp *udp, unsigned first, unsigned alone) {
  const struct oriel_udp_datagram *head = &udp->out[first];
  const bool may = !udp->whole && first >= alone && !same_host(&head->path.peer, &udp->uncut);
  unsigned count = 1;
  while (may && count < ORIEL_UDP_SEGMENTS && first + count < udp->out_count) {
    const struct oriel_udp_datagram *next = &udp->out[first + count];
    if (next->size > head->size || !next->size || !oriel_webrtc_path_equal(&next->path, &head->path))
      break;
    count++;
    if (next->size < head->size)
      break;
  }
  return count;
}

/** The group that begins with `first`, which has its count. */
static void fill_group(struct oriel_udp *udp, unsigned first, struct group *group, struct iovec *parts,
                       struct msghdr *message) {
  const struct oriel_udp_datagram *head = &udp->out[first];
  *message = (struct msghdr){.msg_name = &group->to, .msg_iov = parts, .msg_iovlen = group->count,
                             .msg_namelen = oriel_udp_fill_address(&group->to, &head->path.peer, udp->v6)};
  for (unsigned i = 0; i < group->count; i++)
    parts[i] = (struct iovec){udp->out[first + i].data, udp->out[first + i].size};
  oriel_udp_write_control(message, &group->control, &head->path.local, udp->v6,
                          group->count > 1 ? (uint16_t)head->size : 0);
}

/** Errors of a group that its parts alone need not have: they are larger than the way's next link takes (EMSGSIZE, of
 *  older kernels EINVAL), its device or IPsec cannot finish them (EIO), or nothing can (EOPNOTSUPP). */
static bool is_of_group(int error) {
  return error == EMSGSIZE || error == EINVAL || error == EIO || error == EOPNOTSUPP;
}

/** How many datagrams from `first` on the kernel took, those before *alone by themselves; -errno of the first one; 0:
 *  they are to be tried again, and *alone says how many by themselves. */
static int send_batch(struct oriel_udp *udp, unsigned first, unsigned *alone) {
  struct mmsghdr messages[ORIEL_UDP_BATCH] = {0};
  struct group groups[ORIEL_UDP_BATCH];
  struct iovec parts[ORIEL_UDP_BATCH];
  unsigned count = 0;
  int taken = 0;
  for (unsigned at = first; at < udp->out_count; at += groups[count++].count) {
    groups[count].count = count_group(udp, at, *alone);
    fill_group(udp, at, &groups[count], &parts[at - first], &messages[count].msg_hdr);
  }
  const int sent = sendmmsg(udp->fd, messages, count, MSG_DONTWAIT);
  if (sent < 0 && groups[0].count > 1 && is_of_group(errno)) {
    udp->whole = errno == EOPNOTSUPP;
    *alone = first + groups[0].count;
    return 0;
  }
  for (int i = 0; i < sent; i++) {
    taken += (int)groups[i].count;
    udp->cut += groups[i].count > 1 ? groups[i].count : 0;
  }
  return sent < 0 ? -errno : taken;
}

/** What was refused as a group went by itself. That may be its host's way alone; of a second host it is not. */
static void note_uncut(struct oriel_udp *udp, const struct oriel_webrtc_address *peer) {
  udp->whole = udp->whole || (udp->uncut.size && !same_host(&udp->uncut, peer));
  udp->uncut = *peer;
}

static void keep_from(struct oriel_udp *udp, unsigned first) {
  memmove(&udp->out[0], &udp->out[first], (udp->out_count - first) * sizeof udp->out[0]);
  udp->out_count -= first;
}

bool oriel_udp_flush(struct oriel_udp *udp) {
  unsigned first = 0, alone = 0;
  while (first < udp->out_count) {
    const int sent = send_batch(udp, first, &alone);
    if (sent == -EAGAIN) {
      keep_from(udp, first);
      return false;
    }
    /* This one cannot go: its address has gone, or nothing leads there; or the kernel has no memory (ENOBUFS), of which
     * no poll tells the end. */
    if (sent < 0 && sent != -EINTR) {
      udp->refused++;
      first++;
    } else if (sent > 0) {
      if (first < alone)
        note_uncut(udp, &udp->out[first].path.peer);
      first += (unsigned)sent;
      udp->sent += (unsigned)sent;
    }
  }
  udp->out_count = 0;
  return true;
}

/* ---- candidates ---- */

static bool is_usable(const struct ifaddrs *at, bool v6) {
  if (!at->ifa_addr || !(at->ifa_flags & IFF_UP) || (at->ifa_flags & IFF_LOOPBACK))
    return false;
  if (at->ifa_addr->sa_family == AF_INET)
    return true;
  if (at->ifa_addr->sa_family != AF_INET6 || !v6)
    return false;
  struct sockaddr_in6 address;
  memcpy(&address, at->ifa_addr, sizeof address);
  return !IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr);
}

unsigned oriel_udp_addresses(const struct oriel_udp *udp, struct oriel_webrtc_address *addresses, unsigned count) {
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  struct ifaddrs *all = NULL;
  unsigned found = 0;
  if (!udp->any) {
    addresses[0] = udp->address;
    return 1;
  }
  if (getifaddrs(&all) < 0)
    return 0;
  for (const struct ifaddrs *at = all; at && found < count; at = at->ifa_next) {
    if (!is_usable(at, udp->v6))
      continue;
    addresses[found] = oriel_udp_address_of(at->ifa_addr);
    addresses[found++].port = udp->port;
  }
  freeifaddrs(all);
  if (!found) /* a host without a network serves itself */
    addresses[found++] = oriel_webrtc_address_make(loopback, sizeof loopback, udp->port);
  return found;
}
