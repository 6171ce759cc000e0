/* SPDX-License-Identifier: MIT
 *
 * Taking streams in. On its owner's thread.
 */
#include "transport/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/fd.h"
#include "transport/inet.h"
#include "transport/resolve.h"
#include "transport/schemes.h"
#include "transport/unix.h"

enum {
  RESOLVE_TIMEOUT_MS = 2000,
  REFUSED_MAX = 16, /* how many unwanted connections one accept turns away: a flood cannot hold the caller */
};

struct oriel_listener {
  struct oriel_transport_address address;
  const struct oriel_transport_impl *impl;
  int fd;
  int spare;     /* given up for a moment when files run out, to turn a connection away instead of spinning on it */
  bool is_given; /* serial and udp: the owner has its stream */
  struct oriel_endpoint bound;
  bool has_file; /* and this is the one we made: */
  dev_t device;
  ino_t inode;
};

/* 0; names are waited for here, with a bound: a listener is made once, at start. */
static int locate(const struct oriel_transport_address *address, const struct oriel_transport_impl *impl,
                  struct oriel_endpoints *endpoints) {
  struct oriel_resolution *resolution;
  int error = impl->locate(address, true, endpoints);
  if (error != -EAGAIN)
    return error;
  error = oriel_resolution_start(address, impl->type, &resolution);
  if (error < 0)
    return error;
  struct pollfd poller = {.fd = oriel_resolution_fd(resolution), .events = POLLIN};
  (void)poll(&poller, 1, RESOLVE_TIMEOUT_MS);
  error = oriel_resolution_read(resolution, endpoints);
  oriel_resolution_destroy(resolution);
  return error == -EAGAIN ? -ETIMEDOUT : error;
}

static const char *reason(int error) {
  switch (error) {
  case EINVAL:
    return "the address is not one to listen at";
  case ENAMETOOLONG:
    return "the path is too long for a socket";
  case ENOENT:
    return "there is no such host or device";
  case ENOTTY:
    return "it is not a character device";
  case EHOSTDOWN:
    return "nobody has opened the other end of the port";
  case ETIMEDOUT:
    return "the host's name could not be resolved in 2 s";
  case EAFNOSUPPORT:
    return "this system has no such sockets";
  default:
    return strerror(error);
  }
}

/* Remembers which file is ours: another program's that takes its place must survive our end. */
static void mark_file(struct oriel_listener *listener) {
  struct stat status;
  listener->has_file = listener->bound.name.ss_family == AF_UNIX &&
                       !lstat(oriel_unix_path(&listener->bound), &status) && S_ISSOCK(status.st_mode);
  if (listener->has_file) {
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
  }
}

static int bind_to(struct oriel_listener *listener, const struct oriel_endpoint *endpoint, char *why, size_t why_size) {
  int error;
  listener->fd = oriel_fd_socket(endpoint->name.ss_family, listener->impl->type);
  if (listener->fd < 0) {
    error = listener->fd;
    listener->fd = -1;
    snprintf(why, why_size, "%s", reason(-error));
    return error;
  }
  if (listener->impl->bind) {
    error = listener->impl->bind(listener->fd, endpoint, why, why_size);
  } else {
    error = bind(listener->fd, (const struct sockaddr *)&endpoint->name, endpoint->size) < 0 ? -errno : 0;
    if (!error && listen(listener->fd, SOMAXCONN) < 0)
      error = -errno;
    if (error < 0)
      snprintf(why, why_size, "%s", reason(-error));
  }
  if (error < 0) {
    oriel_fd_close(&listener->fd);
    return error;
  }
  listener->bound = *endpoint;
  mark_file(listener);
  return 0;
}

static int begin(struct oriel_listener *listener, char *why, size_t why_size) {
  struct oriel_endpoints endpoints = {.count = 0};
  int error;
  if (listener->impl->open) {
    listener->fd = listener->impl->open(&listener->address);
    error = listener->fd < 0 ? listener->fd : 0;
    if (error < 0)
      snprintf(why, why_size, "%s", reason(-error));
    return error;
  }
  error = locate(&listener->address, listener->impl, &endpoints);
  if (error < 0) {
    snprintf(why, why_size, "%s", reason(-error));
    return error;
  }
  error = -EINVAL;
  for (size_t i = 0; i < endpoints.count && error < 0; i++)
    error = bind_to(listener, &endpoints.list[i], why, why_size);
  return error;
}

int oriel_listener_create(const struct oriel_transport_address *address, struct oriel_listener **out, char *why,
                          size_t why_size) {
  char text[800], because[400] = "";
  const struct oriel_transport_impl *impl = oriel_transport_impl(address->scheme);
  oriel_transport_address_format(address, text, sizeof text);
  if (!impl) {
    snprintf(why, why_size, "%s is shared memory: there is nothing to listen at", text);
    return -EINVAL;
  }
  struct oriel_listener *listener = calloc(1, sizeof *listener);
  if (!listener) {
    snprintf(why, why_size, "no memory to listen at %s", text);
    return -ENOMEM;
  }
  listener->address = *address;
  listener->impl = impl;
  listener->fd = -1;
  listener->spare = -1;
  const int error = begin(listener, because, sizeof because);
  if (error < 0) {
    /* The reason in front: an address may be longer than the line. */
    snprintf(why, why_size, "cannot listen: %s (%s)", because, text);
    oriel_listener_destroy(listener);
    return error;
  }
  if (impl->type == SOCK_STREAM)
    listener->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  *out = listener;
  return 0;
}

void oriel_listener_destroy(struct oriel_listener *listener) {
  struct stat status;
  if (!listener)
    return;
  if (listener->has_file) {
    const char *path = oriel_unix_path(&listener->bound);
    if (!lstat(path, &status) && status.st_dev == listener->device && status.st_ino == listener->inode)
      (void)unlink(path); /* a failure leaves a dead file, which the next listener replaces */
  }
  oriel_fd_close(&listener->fd);
  oriel_fd_close(&listener->spare);
  free(listener);
}

int oriel_listener_fd(const struct oriel_listener *listener) {
  return listener->is_given ? -1 : listener->fd;
}

/* serial and udp: what we opened is the stream. */
static int give(struct oriel_listener *listener) {
  if (listener->is_given)
    return -EAGAIN;
  const int fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  listener->is_given = true;
  return fd;
}

/* Nobody can be let in: the one in front of the queue is turned away, or the owner's poll would never rest. */
static void turn_away(struct oriel_listener *listener) {
  oriel_fd_close(&listener->spare);
  int fd = oriel_fd_accept(listener->fd);
  oriel_fd_close(&fd);
  listener->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int oriel_listener_accept(struct oriel_listener *listener) {
  if (listener->impl->type != SOCK_STREAM)
    return give(listener);
  for (unsigned refused = 0; refused < REFUSED_MAX; refused++) {
    int fd = oriel_fd_accept(listener->fd);
    if (fd == -ECONNABORTED || fd == -EPROTO)
      continue; /* that one left before its turn */
    if (fd == -EMFILE || fd == -ENFILE) {
      turn_away(listener);
      return fd;
    }
    if (fd < 0)
      return fd == -EWOULDBLOCK ? -EAGAIN : fd;
    if (!listener->impl->accepts || listener->impl->accepts(&listener->address, fd)) {
      if (listener->impl->tune)
        listener->impl->tune(fd);
      return fd;
    }
    oriel_fd_close(&fd);
  }
  return -EAGAIN;
}

uint32_t oriel_listener_port(const struct oriel_listener *listener) {
  const bool is_inet =
      listener->address.scheme == ORIEL_TRANSPORT_TCP || listener->address.scheme == ORIEL_TRANSPORT_UDP;
  return is_inet ? oriel_inet_port(listener->fd) : listener->address.port;
}
