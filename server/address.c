/* SPDX-License-Identifier: MIT
 *
 * Socket addresses. Loop thread; stateless.
 */
#include "server/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static int parse_port(const char *text, uint16_t *port) {
  if (!*text || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text))
    return -EINVAL;
  unsigned long value = strtoul(text, NULL, 10);
  if (value > UINT16_MAX)
    return -EINVAL;
  *port = (uint16_t)value;
  return 0;
}

static bool is_mapped(const uint8_t bytes[16]) {
  return IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)bytes);
}

/** ::ffff:a.b.c.d to a.b.c.d: browsers write the former's host in hexadecimal, so no Host would match. */
static socklen_t unmap(struct sockaddr_storage *address) {
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6->sin6_port};
  memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, sizeof in.sin_addr);
  *address = (struct sockaddr_storage){0};
  memcpy(address, &in, sizeof in);
  return sizeof in;
}

int oriel_address_parse(const char *text, struct sockaddr_storage *address, socklen_t *size) {
  const char *colon = text ? strrchr(text, ':') : NULL;
  uint16_t port;
  char host[INET6_ADDRSTRLEN + 3];
  if (!colon || (size_t)(colon - text) >= sizeof host || parse_port(colon + 1, &port) < 0)
    return -EINVAL;
  size_t length = (size_t)(colon - text);
  memcpy(host, text, length);
  host[length] = '\0';

  struct sockaddr_storage out = {0};
  if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out;
    host[length - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
      return -EINVAL;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    *size = sizeof *in6;
    if (is_mapped(in6->sin6_addr.s6_addr))
      *size = unmap(&out);
  } else {
    struct sockaddr_in *in = (struct sockaddr_in *)&out;
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &in->sin_addr) != 1)
      return -EINVAL;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    *size = sizeof *in;
  }
  *address = out;
  return 0;
}

/** Why it failed and what to do, in words that say more than the system's; NULL for the rest. */
static const char *explain(int error) {
  switch (error) {
  case EADDRINUSE:
    return "another program listens there; stop it, or choose another with --listen";
  case EACCES:
    return "ports below 1024 need a privilege; choose a higher one with --listen";
  case EADDRNOTAVAIL:
    return "this machine has no such address; choose another with --listen";
  case EAFNOSUPPORT:
    return "this machine has no such address family; choose an IPv4 address with --listen";
  default:
    return NULL;
  }
}

int oriel_address_listen(const char *text, int *fd, struct sockaddr_storage *bound, char *why, size_t why_size) {
  struct sockaddr_storage address;
  socklen_t size;
  if (oriel_address_parse(text, &address, &size) < 0) {
    snprintf(why, why_size, "cannot listen on \"%.80s\": not an address; write it as 127.0.0.1:8080 or [::1]:8080",
             text ? text : "");
    return -EINVAL;
  }
  const char *step = "open a socket for";
  const int one = 1, zero = 0;
  int listener = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0)
    goto fail;
  step = "listen on";
  /* Without it a restart fails for a minute while old connections are in TIME_WAIT. */
  (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  /* Accepted sockets inherit it. */
  (void)setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (address.ss_family == AF_INET6)
    (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, BACKLOG) < 0)
    goto fail;
  struct sockaddr_storage name = {0};
  socklen_t name_size = sizeof name;
  if (getsockname(listener, (struct sockaddr *)&name, &name_size) < 0)
    goto fail;
  *bound = name;
  *fd = listener;
  return 0;

fail:;
  int error = errno;
  if (explain(error))
    snprintf(why, why_size, "cannot %s %.80s: %s", step, text, explain(error));
  else
    snprintf(why, why_size, "cannot %s %.80s: %s; choose another address with --listen", step, text, strerror(error));
  if (listener >= 0)
    close(listener);
  return -error;
}

int oriel_address_adopt(int socket, int *fd, struct sockaddr_storage *bound, char *why, size_t why_size) {
  const int one = 1;
  struct sockaddr_storage name = {0};
  socklen_t size = sizeof name;
  if (getsockname(socket, (struct sockaddr *)&name, &size) < 0 ||
      (name.ss_family != AF_INET && name.ss_family != AF_INET6)) {
    const int error = name.ss_family ? EAFNOSUPPORT : errno;
    snprintf(why, why_size, "cannot serve on the socket that was passed: %s; pass one for TCP", strerror(error));
    close(socket);
    return -error;
  }
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  *bound = name;
  *fd = socket;
  return 0;
}

uint16_t oriel_address_port(const struct sockaddr *address) {
  if (address->sa_family == AF_INET)
    return ntohs(((const struct sockaddr_in *)address)->sin_port);
  if (address->sa_family == AF_INET6)
    return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
  return 0;
}

/** The 16 address bytes, IPv4 as ::ffff:a.b.c.d. */
static bool address_bytes(const struct sockaddr *address, uint8_t bytes[16]) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address->sa_family == AF_INET) {
    memcpy(bytes, mapped, sizeof mapped);
    memcpy(bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    return true;
  }
  if (address->sa_family == AF_INET6) {
    memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    return true;
  }
  memset(bytes, 0, 16);
  return false;
}

bool oriel_address_loopback(const struct sockaddr *address) {
  struct in6_addr in6;
  if (!address_bytes(address, in6.s6_addr))
    return false;
  return IN6_IS_ADDR_LOOPBACK(&in6) || (is_mapped(in6.s6_addr) && in6.s6_addr[12] == 127);
}

void oriel_address_key(const struct sockaddr *address, struct oriel_address_key *key) {
  struct in6_addr in6;
  address_bytes(address, in6.s6_addr);
  memcpy(key->bytes, in6.s6_addr, 16);
  if (!is_mapped(in6.s6_addr))
    memset(key->bytes + 8, 0, 8);
}

void oriel_address_text(const struct sockaddr *address, char text[ORIEL_ADDRESS_TEXT_MAX]) {
  struct in6_addr in6;
  char host[INET6_ADDRSTRLEN];
  bool known = address_bytes(address, in6.s6_addr);
  if (!known)
    snprintf(text, ORIEL_ADDRESS_TEXT_MAX, "unknown");
  else if (is_mapped(in6.s6_addr) && inet_ntop(AF_INET, in6.s6_addr + 12, host, sizeof host))
    snprintf(text, ORIEL_ADDRESS_TEXT_MAX, "%s:%u", host, oriel_address_port(address));
  else if (inet_ntop(AF_INET6, &in6, host, sizeof host))
    snprintf(text, ORIEL_ADDRESS_TEXT_MAX, "[%s]:%u", host, oriel_address_port(address));
}
