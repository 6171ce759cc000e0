/* SPDX-License-Identifier: MIT
 *
 * Imports of a bundle: sockets. See shim.h.
 */
#include "tests/darwin/shim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/darwin/rt.h"

enum { DARWIN_INET6 = 30, DARWIN_VSOCK = 40, DARWIN_SOL_SOCKET = 0xffff, DARWIN_NOSIGPIPE = 0x1022, FDS_MAX = 4096 };

/* Which descriptors raise no SIGPIPE: without the option a write to a dead peer raises it, as there. */
static _Atomic bool no_sigpipe[FDS_MAX];

static int to_family(int family) {
  return family == DARWIN_INET6 ? AF_INET6 : family;
}

static int from_family(int family) {
  return family == AF_INET6 ? DARWIN_INET6 : family;
}

/* Both have 16 bits there: length and family on Darwin, family on Linux. The rest is the same for those we know. */
static socklen_t to_address(const void *from, socklen_t size, struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  if (!from || size < 2 || size > sizeof *to)
    return 0;
  memcpy(to, from, size);
  to->ss_family = (sa_family_t)to_family(((const uint8_t *)from)[1]);
  return size;
}

static void from_address(const struct sockaddr_storage *from, socklen_t length, void *to, socklen_t *size) {
  uint8_t bytes[sizeof *from];
  if (!to || !size)
    return;
  memcpy(bytes, from, sizeof bytes);
  bytes[0] = (uint8_t)length;
  bytes[1] = (uint8_t)from_family(from->ss_family);
  memcpy(to, bytes, length < *size ? length : *size);
  *size = length;
}

static int to_message_flags(int flags) {
  return (flags & MSG_PEEK) | (flags & 0x80 ? MSG_DONTWAIT : 0) | (flags & 0x10 ? MSG_TRUNC : 0) |
         (flags & 0x80000 ? MSG_NOSIGNAL : 0);
}

static int quiet(int fd) {
  return fd >= 0 && fd < FDS_MAX && atomic_load(&no_sigpipe[fd]) ? MSG_NOSIGNAL : 0;
}

static int fresh(int fd) {
  if (fd >= 0 && fd < FDS_MAX)
    atomic_store(&no_sigpipe[fd], false);
  return (int)shim_result(fd);
}

static int shim_socket_(int family, int type, int protocol) {
  rt_forbidden("socket");
  if (family == DARWIN_VSOCK) {
    errno = EAFNOSUPPORT;
    return (int)shim_result(-1);
  }
  return fresh(socket(to_family(family), type, protocol));
}

static int shim_socketpair(int family, int type, int protocol, int fds[2]) {
  rt_forbidden("socketpair");
  int result = socketpair(to_family(family), type, protocol, fds);
  if (!result)
    fresh(fds[0]), fresh(fds[1]);
  return (int)shim_result(result);
}

static int shim_bind(int fd, const void *address, socklen_t size) {
  struct sockaddr_storage ours;
  rt_forbidden("bind");
  size = to_address(address, size, &ours);
  return (int)shim_result(bind(fd, (const struct sockaddr *)&ours, size));
}

static int shim_connect(int fd, const void *address, socklen_t size) {
  struct sockaddr_storage ours;
  rt_forbidden("connect");
  size = to_address(address, size, &ours);
  return (int)shim_result(connect(fd, (const struct sockaddr *)&ours, size));
}

static int shim_listen(int fd, int backlog) {
  rt_forbidden("listen");
  return (int)shim_result(listen(fd, backlog));
}

static int shim_accept(int fd, void *address, socklen_t *size) {
  struct sockaddr_storage ours;
  socklen_t length = sizeof ours;
  rt_forbidden("accept");
  int accepted = accept(fd, (struct sockaddr *)&ours, &length);
  if (accepted >= 0)
    from_address(&ours, length, address, size);
  return fresh(accepted);
}

static int shim_shutdown(int fd, int how) {
  rt_forbidden("shutdown");
  return (int)shim_result(shutdown(fd, how));
}

static int shim_getsockname(int fd, void *address, socklen_t *size) {
  struct sockaddr_storage ours;
  socklen_t length = sizeof ours;
  rt_forbidden("getsockname");
  int result = getsockname(fd, (struct sockaddr *)&ours, &length);
  if (!result)
    from_address(&ours, length, address, size);
  return (int)shim_result(result);
}

static int shim_getpeername(int fd, void *address, socklen_t *size) {
  struct sockaddr_storage ours;
  socklen_t length = sizeof ours;
  rt_forbidden("getpeername");
  int result = getpeername(fd, (struct sockaddr *)&ours, &length);
  if (!result)
    from_address(&ours, length, address, size);
  return (int)shim_result(result);
}

/* -1: not known. */
static int to_option(int *level, int name) {
  static const struct {
    int theirs, ours;
  } options[] = {{0x0004, SO_REUSEADDR}, {0x0008, SO_KEEPALIVE}, {0x1001, SO_SNDBUF},
                 {0x1002, SO_RCVBUF},    {0x1007, SO_ERROR},     {0x1008, SO_TYPE}};
  if (*level == DARWIN_SOL_SOCKET) {
    *level = SOL_SOCKET;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
      if (options[i].theirs == name)
        return options[i].ours;
    return -1;
  }
  if (*level == IPPROTO_IPV6)
    return name == 27 ? IPV6_V6ONLY : -1;
  return *level == IPPROTO_TCP && name == 1 ? TCP_NODELAY : -1;
}

static int shim_setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  rt_forbidden("setsockopt");
  if (level == DARWIN_SOL_SOCKET && name == DARWIN_NOSIGPIPE && fd >= 0 && fd < FDS_MAX && size >= sizeof(int)) {
    int on = 0;
    memcpy(&on, value, sizeof on);
    atomic_store(&no_sigpipe[fd], on != 0);
    return 0;
  }
  int ours = to_option(&level, name);
  if (ours < 0)
    errno = ENOPROTOOPT;
  return (int)shim_result(ours < 0 ? -1 : setsockopt(fd, level, ours, value, size));
}

static int shim_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  rt_forbidden("getsockopt");
  int ours = to_option(&level, name);
  if (ours < 0)
    errno = ENOPROTOOPT;
  int result = ours < 0 ? -1 : getsockopt(fd, level, ours, value, size);
  if (!result && ours == SO_ERROR && level == SOL_SOCKET && *size == sizeof(int)) {
    int error = 0;
    memcpy(&error, value, sizeof error);
    error = shim_error(error);
    memcpy(value, &error, sizeof error);
  }
  return (int)shim_result(result);
}

static ssize_t shim_send(int fd, const void *bytes, size_t size, int flags) {
  rt_forbidden("send");
  return shim_result(send(fd, bytes, size, to_message_flags(flags) | quiet(fd)));
}

static ssize_t shim_recv(int fd, void *bytes, size_t size, int flags) {
  rt_forbidden("recv");
  return shim_result(recv(fd, bytes, size, to_message_flags(flags)));
}

static ssize_t shim_sendto(int fd, const void *bytes, size_t size, int flags, const void *address, socklen_t length) {
  struct sockaddr_storage ours;
  rt_forbidden("sendto");
  length = to_address(address, length, &ours);
  return shim_result(
      sendto(fd, bytes, size, to_message_flags(flags) | quiet(fd), length ? (void *)&ours : NULL, length));
}

static ssize_t shim_recvfrom(int fd, void *bytes, size_t size, int flags, void *address, socklen_t *length) {
  struct sockaddr_storage ours;
  socklen_t ours_size = sizeof ours;
  rt_forbidden("recvfrom");
  ssize_t count = recvfrom(fd, bytes, size, to_message_flags(flags), (struct sockaddr *)&ours, &ours_size);
  if (count >= 0)
    from_address(&ours, ours_size, address, length);
  return shim_result(count);
}

static ssize_t shim_write(int fd, const void *bytes, size_t size) {
  rt_forbidden("write");
  return shim_result(quiet(fd) ? send(fd, bytes, size, MSG_NOSIGNAL) : write(fd, bytes, size));
}

static ssize_t shim_writev(int fd, const struct iovec *pieces, int count) {
  rt_forbidden("writev");
  struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = (size_t)count};
  return shim_result(quiet(fd) ? sendmsg(fd, &message, MSG_NOSIGNAL) : writev(fd, pieces, count));
}

struct darwin_message {
  void *name;
  socklen_t name_size;
  struct iovec *pieces;
  int piece_count;
  void *control;
  socklen_t control_size;
  int flags;
};

/* Messages with control bytes are not translated: nobody sends descriptors from a driver. */
static bool to_message(const struct darwin_message *from, struct msghdr *to) {
  *to = (struct msghdr){.msg_iov = from->pieces, .msg_iovlen = (size_t)from->piece_count};
  if (!from->control_size && !from->name_size)
    return true;
  errno = EINVAL;
  return false;
}

static ssize_t shim_sendmsg(int fd, const struct darwin_message *message, int flags) {
  struct msghdr ours;
  rt_forbidden("sendmsg");
  return shim_result(to_message(message, &ours) ? sendmsg(fd, &ours, to_message_flags(flags) | quiet(fd)) : -1);
}

static ssize_t shim_recvmsg(int fd, struct darwin_message *message, int flags) {
  struct msghdr ours;
  rt_forbidden("recvmsg");
  return shim_result(to_message(message, &ours) ? recvmsg(fd, &ours, to_message_flags(flags)) : -1);
}

/* Names */

struct darwin_addrinfo {
  int flags, family, type, protocol;
  socklen_t size;
  char *name;
  void *address;
  struct darwin_addrinfo *next;
};

static void shim_freeaddrinfo(struct darwin_addrinfo *list) {
  rt_forbidden("freeaddrinfo");
  while (list) {
    struct darwin_addrinfo *next = list->next;
    free(list);
    list = next;
  }
}

static int to_name_error(int error) {
  switch (error) {
  case EAI_AGAIN:
    return 2;
  case EAI_FAIL:
    return 4;
  case EAI_MEMORY:
    return 6;
  case EAI_NONAME:
    return 8;
  case EAI_SYSTEM:
    shim_result(-1);
    return 11;
  default:
    return error ? 4 : 0;
  }
}

static int shim_getaddrinfo(const char *host, const char *service, const struct darwin_addrinfo *hints,
                            struct darwin_addrinfo **out) {
  struct addrinfo ours = {0}, *list = NULL;
  rt_forbidden("getaddrinfo");
  if (hints) {
    ours.ai_flags = (hints->flags & 1 ? AI_PASSIVE : 0) | (hints->flags & 4 ? AI_NUMERICHOST : 0) |
                    (hints->flags & 0x400 ? AI_ADDRCONFIG : 0) | (hints->flags & 0x1000 ? AI_NUMERICSERV : 0);
    ours.ai_family = to_family(hints->family);
    ours.ai_socktype = hints->type;
    ours.ai_protocol = hints->protocol;
  }
  int error = getaddrinfo(host, service, hints ? &ours : NULL, &list);
  struct darwin_addrinfo **end = out;
  *out = NULL;
  for (const struct addrinfo *at = list; !error && at; at = at->ai_next) {
    struct sockaddr_storage address = {0};
    struct darwin_addrinfo *entry = calloc(1, sizeof *entry + sizeof address);
    if (!entry)
      abort();
    memcpy(&address, at->ai_addr, at->ai_addrlen);
    *entry = (struct darwin_addrinfo){.family = from_family(at->ai_family),
                                      .type = at->ai_socktype,
                                      .protocol = at->ai_protocol,
                                      .size = sizeof address,
                                      .address = entry + 1};
    from_address(&address, at->ai_addrlen, entry->address, &entry->size);
    *end = entry;
    end = &entry->next;
  }
  if (list)
    freeaddrinfo(list);
  return to_name_error(error);
}

static int shim_inet_pton(int family, const char *text, void *address) {
  return inet_pton(to_family(family), text, address);
}

static const char *shim_inet_ntop(int family, const void *address, char *text, socklen_t size) {
  return inet_ntop(to_family(family), address, text, size);
}

static const char *shim_gai_strerror(int error) {
  (void)error;
  return "the name cannot be resolved";
}

#define OWN(name) SHIM("_" #name, shim_##name)

const struct shim shim_socket[] = {
    SHIM("_socket", shim_socket_),
    OWN(socketpair),
    OWN(bind),
    OWN(connect),
    OWN(listen),
    OWN(accept),
    OWN(shutdown),
    OWN(getsockname),
    OWN(getpeername),
    OWN(setsockopt),
    OWN(getsockopt),
    OWN(send),
    OWN(recv),
    OWN(sendto),
    OWN(recvfrom),
    OWN(write),
    OWN(writev),
    OWN(sendmsg),
    OWN(recvmsg),
    OWN(getaddrinfo),
    OWN(freeaddrinfo),
    OWN(gai_strerror),
    OWN(inet_pton),
    OWN(inet_ntop),
    SHIM("_if_nametoindex", if_nametoindex),
    SHIM("_in6addr_loopback", &in6addr_loopback),
    SHIM("_in6addr_any", &in6addr_any),
};
const size_t shim_socket_count = sizeof shim_socket / sizeof shim_socket[0];
