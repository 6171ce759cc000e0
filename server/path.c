/* SPDX-License-Identifier: MIT
 *
 * The kernel's figures of a TCP connection: TCP_INFO of Linux (4.9 has all that is asked for), TCP_CONNECTION_INFO of
 * macOS.
 */
#include "server/path.h"

#include <netinet/in.h>
#ifdef __APPLE__
#include <netinet/tcp.h>
#else
#include <linux/tcp.h> /* the C library's lacks the later fields */
#endif

#include "core/clock.h"
#include "server/address.h"

struct figures {
  uint32_t rtt_us, least_us; /* smoothed round trip; the quickest, 0 = not told */
  uint64_t unsent;           /* bytes */
  uint64_t rate;             /* bytes a second that arrive; 0 = not known */
};

#ifdef __APPLE__
static bool read_figures(int fd, struct figures *figures) {
  struct tcp_connection_info info;
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &size) < 0)
    return false;
  *figures = (struct figures){.rtt_us = info.tcpi_srtt * 1000, .least_us = info.tcpi_rttcur * 1000};
  if (info.tcpi_snd_sbbytes > info.tcpi_snd_cwnd)
    figures->unsent = info.tcpi_snd_sbbytes - info.tcpi_snd_cwnd;
  if (info.tcpi_srtt)
    figures->rate = (uint64_t)info.tcpi_snd_cwnd * 1000 / info.tcpi_srtt;
  return true;
}
#else
static bool read_figures(int fd, struct figures *figures) {
  struct tcp_info info = {0};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
    return false;
  *figures = (struct figures){
    .rtt_us = info.tcpi_rtt, .unsent = info.tcpi_notsent_bytes, .rate = info.tcpi_delivery_rate};
  if (info.tcpi_min_rtt != UINT32_MAX)
    figures->least_us = info.tcpi_min_rtt;
  return true;
}
#endif

bool oriel_path_reaches(const struct sockaddr *peer, const struct oriel_proxies *proxies) {
  return !oriel_address_loopback(peer) && !oriel_proxies_trust(proxies, peer);
}

int64_t oriel_path_excess_us(struct oriel_path *path, int fd) {
  struct figures figures;
  if (!read_figures(fd, &figures) || !figures.rtt_us)
    return INT64_MAX;
  if (figures.least_us && (!path->least_us || figures.least_us < path->least_us))
    path->least_us = figures.least_us;
  if (!path->least_us)
    return INT64_MAX;
  if (figures.unsent && !figures.rate)
    return INT64_MAX;
  const int64_t grown_us = (int64_t)figures.rtt_us - path->least_us;
  const int64_t unsent_us = figures.unsent ? (int64_t)(figures.unsent * 1000000 / figures.rate) : 0;
  return (grown_us > 0 ? grown_us : 0) + unsent_us;
}
