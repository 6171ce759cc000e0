/* SPDX-License-Identifier: MIT
 *
 * tcp:// and udp://. Any thread; no state.
 */
#include "transport/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

enum {
  /* A peer whose machine vanished is noticed by a side that only listens after IDLE + COUNT * INTERVAL seconds. */
  KEEPALIVE_IDLE_S = 5,
  KEEPALIVE_INTERVAL_S = 2,
  KEEPALIVE_COUNT = 3,
};

static void set_int(int fd, int level, int option, int value) {
  /* Options only make it better: a kernel that refuses one leaves a stream that works. */
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void tune_tcp(int fd) {
  set_int(fd, SOL_SOCKET, SO_SNDBUF, ORIEL_TRANSPORT_SEND_BUFFER);
  set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
#ifdef TCP_KEEPIDLE
  set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
#elif defined TCP_KEEPALIVE
  set_int(fd, IPPROTO_TCP, TCP_KEEPALIVE, KEEPALIVE_IDLE_S); /* macOS's word for it */
#endif
#ifdef TCP_KEEPINTVL
  set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
#endif
#ifdef TCP_KEEPCNT
  set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
#endif
#ifdef TCP_USER_TIMEOUT
  /* The same for a side that sends: keepalive rests while bytes are unacknowledged. */
  set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 * (KEEPALIVE_IDLE_S + KEEPALIVE_COUNT * KEEPALIVE_INTERVAL_S));
#endif
}

static void add_v4(struct oriel_endpoints *endpoints, struct in_addr host, uint32_t port) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = host};
  struct oriel_endpoint *endpoint = &endpoints->list[endpoints->count++];
  memset(endpoint, 0, sizeof *endpoint);
  memcpy(&endpoint->name, &name, sizeof name);
  endpoint->size = sizeof name;
}

static void add_v6(struct oriel_endpoints *endpoints, struct in6_addr host, uint32_t zone, uint32_t port) {
  struct sockaddr_in6 name = {
      .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = host, .sin6_scope_id = zone};
  struct oriel_endpoint *endpoint = &endpoints->list[endpoints->count++];
  memset(endpoint, 0, sizeof *endpoint);
  memcpy(&endpoint->name, &name, sizeof name);
  endpoint->size = sizeof name;
}

/* "fe80::1%eth0": the zone is an interface's name or number. */
static int locate_v6(const struct oriel_transport_address *address, struct oriel_endpoints *endpoints) {
  char number[INET6_ADDRSTRLEN];
  struct in6_addr host;
  uint32_t zone = 0;
  const size_t size = strcspn(address->host, "%");
  if (size >= sizeof number)
    return -EINVAL;
  memcpy(number, address->host, size);
  number[size] = '\0';
  if (inet_pton(AF_INET6, number, &host) != 1)
    return -EINVAL;
  if (address->host[size]) {
    zone = if_nametoindex(address->host + size + 1);
    if (!zone && sscanf(address->host + size + 1, "%u", &zone) != 1)
      return -ENODEV;
  }
  add_v6(endpoints, host, zone, address->port);
  return 0;
}

static int locate(const struct oriel_transport_address *address, bool is_listener, struct oriel_endpoints *endpoints) {
  struct in_addr host;
  endpoints->count = 0;
  if (address->port > UINT16_MAX || (!address->port && !is_listener))
    return -EINVAL;
  if (strchr(address->host, ':'))
    return locate_v6(address, endpoints);
  if (inet_pton(AF_INET, address->host, &host) == 1) {
    add_v4(endpoints, host, address->port);
    return 0;
  }
  if (!strcmp(address->host, "localhost")) { /* RFC 6761, 6.3: nobody needs to be asked */
    add_v4(endpoints, (struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)}, address->port);
    add_v6(endpoints, in6addr_loopback, 0, address->port);
    return 0;
  }
  return -EAGAIN;
}

static int bind_name(int fd, const struct oriel_endpoint *endpoint, char *why, size_t why_size) {
  /* [::] means v6 and nothing else: an address listens where it says. */
  if (endpoint->name.ss_family == AF_INET6)
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind(fd, (const struct sockaddr *)&endpoint->name, endpoint->size) < 0) {
    const int error = errno;
    snprintf(why, why_size, "%s",
             error == EADDRINUSE      ? "the port is in use: choose another one"
             : error == EADDRNOTAVAIL ? "this machine does not have that address"
                                      : strerror(error));
    return -error;
  }
  return 0;
}

static int bind_tcp(int fd, const struct oriel_endpoint *endpoint, char *why, size_t why_size) {
  set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  int error = bind_name(fd, endpoint, why, why_size);
  if (error < 0)
    return error;
  if (listen(fd, SOMAXCONN) < 0) {
    error = -errno;
    snprintf(why, why_size, "%s", strerror(-error));
  }
  return error;
}

bool oriel_inet_is_own_echo(int fd) {
  struct sockaddr_storage ends[2];
  socklen_t sizes[2] = {sizeof ends[0], sizeof ends[1]};
  memset(ends, 0, sizeof ends);
  return !getsockname(fd, (struct sockaddr *)&ends[0], &sizes[0]) &&
         !getpeername(fd, (struct sockaddr *)&ends[1], &sizes[1]) && sizes[0] == sizes[1] &&
         !memcmp(&ends[0], &ends[1], sizes[0]);
}

static int check_tcp(int fd) {
  return oriel_inet_is_own_echo(fd) ? -ECONNREFUSED : 0;
}

uint32_t oriel_inet_port(int fd) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  memset(&name, 0, sizeof name);
  if (getsockname(fd, (struct sockaddr *)&name, &size) < 0)
    return 0;
  if (name.ss_family == AF_INET)
    return ntohs(((const struct sockaddr_in *)(const void *)&name)->sin_port);
  return name.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)(const void *)&name)->sin6_port) : 0;
}

const struct oriel_transport_impl oriel_transport_tcp = {
    .type = SOCK_STREAM,
    .locate = locate,
    .tune = tune_tcp,
    .check = check_tcp,
    .bind = bind_tcp,
};

const struct oriel_transport_impl oriel_transport_udp = {
    .type = SOCK_DGRAM,
    .locate = locate,
    .bind = bind_name,
};
