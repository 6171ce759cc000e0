/* SPDX-License-Identifier: MIT
 *
 * What waits in buffers. guest_audio's thread.
 */
#include "source/guest_unread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

#include "core/clock.h"

enum { WAY_MOST_US = 500 * 1000 };

void guest_unread_sent(struct guest_unread *unread, size_t size, uint64_t now_ns) {
  const uint64_t at = unread->packets++ % GUEST_UNREAD_PACKETS;
  unread->bytes += size;
  unread->sent[at].ns = now_ns;
  unread->sent[at].end = unread->bytes;
}

void guest_unread_credit(struct guest_unread *unread, size_t packets) {
  const uint64_t most = unread->packets - unread->credits;
  unread->credits += packets < most ? packets : most;
}

/* The first packet from `number` on that the ring still has, and that ends behind the first `read` bytes. */
static uint64_t first_unread(const struct guest_unread *unread, uint64_t number, uint64_t read) {
  if (unread->packets - number > GUEST_UNREAD_PACKETS)
    number = unread->packets - GUEST_UNREAD_PACKETS;
  while (number < unread->packets && unread->sent[number % GUEST_UNREAD_PACKETS].end <= read)
    number++;
  return number;
}

uint64_t guest_unread_since(const struct guest_unread *unread, uint64_t waiting) {
  const uint64_t read = unread->bytes > waiting ? unread->bytes - waiting : 0;
  const uint64_t by_kernel = first_unread(unread, 0, read);
  const uint64_t by_peer = unread->credits ? first_unread(unread, unread->credits, 0) : unread->packets;
  const uint64_t number = by_kernel < by_peer ? by_kernel : by_peer;
  return number < unread->packets ? unread->sent[number % GUEST_UNREAD_PACKETS].ns : 0;
}

uint64_t guest_unread_waiting(int fd) {
  int waiting = 0;
#ifdef __APPLE__
  socklen_t size = sizeof waiting;
  const int result = getsockopt(fd, SOL_SOCKET, SO_NWRITE, &waiting, &size);
#else
  const int result = ioctl(fd, SIOCOUTQ, &waiting); /* the same number as TIOCOUTQ */
#endif
  return result < 0 || waiting < 0 ? 0 : (uint64_t)waiting;
}

uint64_t guest_unread_way_ns(int fd) {
#ifdef __linux__
  struct tcp_info info = {0};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
    return 0;
  return 2 * (info.tcpi_rtt < WAY_MOST_US ? info.tcpi_rtt : WAY_MOST_US) * ORIEL_NS_PER_US;
#else
  (void)fd;
  return 0;
#endif
}
