/* SPDX-License-Identifier: MIT
 *
 * One stream to one address, again and again: wait, resolve, connect, shake hands, carry. On its owner's thread.
 */
#include "transport/dialer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "transport/fd.h"
#include "transport/mux.h"
#include "transport/resolve.h"
#include "transport/schemes.h"
#include "transport/stream.h"

enum { DROPPED_MAX = 16 }; /* blocks of unread bytes that one step drops: a flood cannot hold the owner */

enum phase { PHASE_RESOLVE, PHASE_CONNECT, PHASE_HANDSHAKE };

struct oriel_dialer {
  struct oriel_transport_address address;
  const struct oriel_transport_impl *impl;
  enum oriel_stream_state state;
  enum phase phase;       /* while connecting */
  int fd;                 /* -1 while waiting and while a name is resolved */
  uint64_t due_ns;        /* waiting: of the next attempt; connecting: when it is given up */
  uint32_t backoff_ms;    /* the next wait */
  uint64_t first_data_ns; /* of this connection; 0 = none yet */
  struct oriel_resolution *resolution; /* kept when an attempt gives up on it, so that never two threads ask */
  struct oriel_endpoints endpoints;
  size_t first, tried; /* which endpoint an attempt starts with; how many it has tried */
  int error;           /* why the last of them failed */
  bool is_unread;             /* the last step found bytes, and the owner has not received since */
  struct oriel_mux_line line; /* the peer's answer */
  uint64_t failures;
  const char *why;
};

/* What a person should read; the errno alone misleads for most of these. */
static const char *reason(int error) {
  switch (error) {
  case ECONNREFUSED:
    return "refused: nobody listens there";
  case ENOENT:
    return "there is no such socket, device or host name";
  case ENXIO:
  case ENODEV:
    return "there is no such device or interface";
  case EACCES:
  case EPERM:
    return "this user may not open it";
  case EBUSY:
    return "another program has it open";
  case ENOTTY:
    return "it is not a character device";
  case EHOSTDOWN:
    return "nobody has opened the other end";
  case ETIMEDOUT:
    return "no answer in time";
  case ECONNRESET:
    return "the peer closed the connection";
  case ENETUNREACH:
  case EHOSTUNREACH:
    return "no route leads there";
  case EBADMSG:
    return "the peer answered CONNECT with something else than OK";
  case ECONNABORTED:
    return "the peer refused the port";
  case EAGAIN:
    return "the peer takes in no more connections now";
  case EAFNOSUPPORT:
    return "this system has no such sockets";
  case EMFILE:
  case ENFILE:
  case ENOMEM:
  case ENOBUFS:
    return "the system is short of files or memory";
  default:
    return "the system refused it";
  }
}

static void fail(struct oriel_dialer *dialer, const char *why, uint64_t now_ns) {
  oriel_fd_close(&dialer->fd);
  dialer->state = ORIEL_STREAM_WAITING;
  dialer->due_ns = now_ns + dialer->backoff_ms * ORIEL_NS_PER_MS;
  dialer->backoff_ms = dialer->backoff_ms >= ORIEL_BACKOFF_MOST_MS / 2 ? ORIEL_BACKOFF_MOST_MS : dialer->backoff_ms * 2;
  dialer->failures++;
  dialer->why = why;
}

static void connected(struct oriel_dialer *dialer) {
  dialer->state = ORIEL_STREAM_CONNECTED;
  dialer->first_data_ns = 0;
  dialer->is_unread = false;
  const size_t count = dialer->endpoints.count;
  dialer->first = (dialer->first + dialer->tried + count - 1) % (count ? count : 1);
}

/* Whether the line came whole; a peer that refuses the port just closes. */
static void shake_hands(struct oriel_dialer *dialer, uint64_t now_ns) {
  uint32_t ignored;
  int result = oriel_mux_line_read(&dialer->line, dialer->fd);
  if (result == -EAGAIN)
    return;
  if (result > 0)
    result = oriel_mux_parse_ok(dialer->line.text, &ignored);
  if (result < 0)
    fail(dialer, reason(result == -ECONNRESET ? ECONNABORTED : -result), now_ns);
  else
    connected(dialer);
}

static void established(struct oriel_dialer *dialer, uint64_t now_ns) {
  char request[ORIEL_MUX_LINE_MAX];
  if (!dialer->impl->has_handshake) {
    connected(dialer);
    return;
  }
  dialer->phase = PHASE_HANDSHAKE;
  dialer->line = (struct oriel_mux_line){.have = 0};
  const uint64_t due_ns = now_ns + ORIEL_MUX_TIMEOUT_MS * ORIEL_NS_PER_MS;
  if (due_ns < dialer->due_ns)
    dialer->due_ns = due_ns;
  const size_t size = oriel_mux_write_connect(dialer->address.port, request);
  /* A socket that has just connected takes 18 bytes at once, or it is broken. */
  const ssize_t sent = oriel_stream_send(dialer->fd, request, size);
  if (sent != (ssize_t)size)
    fail(dialer, reason(sent == -ECONNRESET ? ECONNABORTED : sent < 0 ? (int)-sent : ENOBUFS), now_ns);
}

/* 0: connected; -EINPROGRESS; other -errno with no socket left. */
static int dial(struct oriel_dialer *dialer, const struct oriel_endpoint *endpoint) {
  dialer->fd = oriel_fd_socket(endpoint->name.ss_family, dialer->impl->type);
  if (dialer->fd < 0) {
    const int error = dialer->fd;
    dialer->fd = -1;
    return error;
  }
  if (dialer->impl->tune)
    dialer->impl->tune(dialer->fd);
  int error = connect(dialer->fd, (const struct sockaddr *)&endpoint->name, endpoint->size) < 0 ? -errno : 0;
  if (error == -EINTR)
    error = -EINPROGRESS; /* POSIX: it goes on all the same */
  if (!error && dialer->impl->check)
    error = dialer->impl->check(dialer->fd);
  if (error && error != -EINPROGRESS)
    oriel_fd_close(&dialer->fd);
  return error;
}

/* Goes through the endpoints that are left until one answers or may still answer. */
static void dial_next(struct oriel_dialer *dialer, uint64_t now_ns) {
  dialer->phase = PHASE_CONNECT;
  const struct oriel_endpoints *endpoints = &dialer->endpoints;
  while (dialer->tried < endpoints->count) {
    const int error = dial(dialer, &endpoints->list[(dialer->first + dialer->tried++) % endpoints->count]);
    if (error == -EINPROGRESS)
      return;
    if (!error) {
      established(dialer, now_ns);
      return;
    }
    dialer->error = -error;
  }
  fail(dialer, reason(dialer->error), now_ns);
}

static void finish_connect(struct oriel_dialer *dialer, uint64_t now_ns) {
  /* Asked anew instead of believing the owner's revents, which may be of the fd before this one. */
  if (!oriel_fd_ready(dialer->fd, POLLOUT))
    return;
  int error = oriel_fd_error(dialer->fd);
  if (!error && dialer->impl->check)
    error = -dialer->impl->check(dialer->fd);
  if (!error) {
    established(dialer, now_ns);
    return;
  }
  oriel_fd_close(&dialer->fd);
  dialer->error = error;
  dial_next(dialer, now_ns);
}

static void finish_resolve(struct oriel_dialer *dialer, uint64_t now_ns) {
  const int error = oriel_resolution_read(dialer->resolution, &dialer->endpoints);
  if (error == -EAGAIN)
    return;
  oriel_resolution_destroy(dialer->resolution);
  dialer->resolution = NULL;
  if (error < 0)
    fail(dialer, "the host's name is unknown, or nobody could be asked", now_ns);
  else
    dial_next(dialer, now_ns);
}

static void attempt(struct oriel_dialer *dialer, uint64_t now_ns) {
  int result;
  dialer->state = ORIEL_STREAM_CONNECTING;
  dialer->due_ns = now_ns + ORIEL_CONNECT_TIMEOUT_MS * ORIEL_NS_PER_MS;
  dialer->tried = 0;
  if (dialer->impl->open) {
    result = dialer->impl->open(&dialer->address);
    if (result >= 0) {
      dialer->fd = result;
      connected(dialer);
    } else {
      fail(dialer, reason(-result), now_ns);
    }
    return;
  }
  result = dialer->impl->locate(&dialer->address, false, &dialer->endpoints);
  if (result == -EAGAIN) { /* asked for at every attempt: a host's address may change while its name stays */
    dialer->phase = PHASE_RESOLVE;
    result = dialer->resolution ? 0 : oriel_resolution_start(&dialer->address, dialer->impl->type, &dialer->resolution);
    if (result < 0)
      fail(dialer, reason(-result), now_ns);
  } else if (result < 0) {
    fail(dialer, reason(-result), now_ns);
  } else {
    dial_next(dialer, now_ns);
  }
}

static void go_on(struct oriel_dialer *dialer, uint64_t now_ns) {
  if (dialer->phase == PHASE_RESOLVE)
    finish_resolve(dialer, now_ns);
  if (dialer->state == ORIEL_STREAM_CONNECTING && dialer->phase == PHASE_CONNECT)
    finish_connect(dialer, now_ns);
  if (dialer->state == ORIEL_STREAM_CONNECTING && dialer->phase == PHASE_HANDSHAKE)
    shake_hands(dialer, now_ns);
  if (dialer->state != ORIEL_STREAM_CONNECTING || now_ns < dialer->due_ns)
    return;
  if (dialer->phase == PHASE_CONNECT)
    dialer->first += dialer->tried; /* the next attempt starts behind the endpoint that is silent */
  fail(dialer, reason(ETIMEDOUT), now_ns);
}

/* A hang-up that reading would not find, or that nobody may be reading for. */
static void look_at_hangup(struct oriel_dialer *dialer, uint64_t now_ns) {
  const short ready = oriel_fd_ready(dialer->fd, POLLIN);
  char byte;
  if (!(ready & (POLLERR | POLLHUP | POLLNVAL)))
    return;
  const int error = dialer->impl->type ? oriel_fd_error(dialer->fd) : ECONNRESET;
  if (dialer->impl->type == SOCK_DGRAM && (error == ECONNREFUSED || !error))
    return; /* nobody is there yet; the datagrams go on */
  if (!error && ready & POLLIN && recv(dialer->fd, &byte, 1, MSG_PEEK) > 0)
    return; /* the peer's last words: the owner reads up to the end */
  fail(dialer, reason(error ? error : ECONNRESET), now_ns);
}

/* A connection that carried data for a second was a good one: the next that ends is retried soon. */
static void carried(struct oriel_dialer *dialer, uint64_t now_ns) {
  if (!dialer->first_data_ns)
    dialer->first_data_ns = now_ns;
  else if (now_ns >= dialer->first_data_ns + ORIEL_NS_PER_SECOND)
    dialer->backoff_ms = ORIEL_BACKOFF_FIRST_MS;
}

/* What a failed send or receive means for the connection. */
static ssize_t ended(struct oriel_dialer *dialer, ssize_t result, uint64_t now_ns) {
  if (result == -EAGAIN || result == -EINVAL || result == -EMSGSIZE)
    return result;
  fail(dialer, reason((int)-result), now_ns);
  return result;
}

static ssize_t receive(struct oriel_dialer *dialer, void *data, size_t size, uint64_t now_ns) {
  const ssize_t result = oriel_stream_receive(dialer->fd, data, size);
  if (result == -ECONNREFUSED && dialer->impl->type == SOCK_DGRAM)
    return -EAGAIN;
  if (result < 0)
    return ended(dialer, result, now_ns);
  carried(dialer, now_ns);
  return result;
}

/* For owners that only send: unread bytes would keep their poll awake, and the end of the stream lies behind them. */
static void drop_unread(struct oriel_dialer *dialer, uint64_t now_ns) {
  char bytes[4096];
  for (unsigned i = 0; i < DROPPED_MAX && receive(dialer, bytes, sizeof bytes, now_ns) > 0; i++)
    ;
}

static void look_at_events(struct oriel_dialer *dialer, short revents, uint64_t now_ns) {
  if (revents & (POLLERR | POLLHUP | POLLNVAL))
    look_at_hangup(dialer, now_ns);
  if (dialer->state != ORIEL_STREAM_CONNECTED || !(revents & POLLIN))
    return;
  if (dialer->is_unread)
    drop_unread(dialer, now_ns);
  else
    dialer->is_unread = true;
}

enum oriel_stream_state oriel_dialer_step(struct oriel_dialer *dialer, short revents, uint64_t now_ns) {
  if (dialer->state == ORIEL_STREAM_CONNECTED) {
    look_at_events(dialer, revents, now_ns);
  } else if (dialer->state == ORIEL_STREAM_CONNECTING) {
    go_on(dialer, now_ns);
  } else if (now_ns >= dialer->due_ns) {
    attempt(dialer, now_ns);
    if (dialer->state == ORIEL_STREAM_CONNECTING)
      go_on(dialer, now_ns);
  }
  return dialer->state;
}

int oriel_dialer_create(const struct oriel_transport_address *address, struct oriel_dialer **out) {
  struct oriel_endpoints ignored;
  const struct oriel_transport_impl *impl = oriel_transport_impl(address->scheme);
  if (!impl)
    return -EINVAL;
  const int located = impl->locate ? impl->locate(address, false, &ignored) : 0;
  if (located == -EINVAL || located == -ENAMETOOLONG)
    return located;
  struct oriel_dialer *dialer = calloc(1, sizeof *dialer);
  if (!dialer)
    return -ENOMEM;
  dialer->address = *address;
  dialer->impl = impl;
  dialer->state = ORIEL_STREAM_WAITING;
  dialer->fd = -1;
  dialer->backoff_ms = ORIEL_BACKOFF_FIRST_MS;
  dialer->why = "nothing failed yet";
  *out = dialer;
  return 0;
}

void oriel_dialer_destroy(struct oriel_dialer *dialer) {
  if (!dialer)
    return;
  oriel_fd_close(&dialer->fd);
  oriel_resolution_destroy(dialer->resolution);
  free(dialer);
}

static bool is_resolving(const struct oriel_dialer *dialer) {
  return dialer->state == ORIEL_STREAM_CONNECTING && dialer->phase == PHASE_RESOLVE;
}

int oriel_dialer_fd(const struct oriel_dialer *dialer) {
  return is_resolving(dialer) ? oriel_resolution_fd(dialer->resolution) : dialer->fd;
}

short oriel_dialer_events(const struct oriel_dialer *dialer, bool wants_write) {
  if (dialer->state == ORIEL_STREAM_WAITING)
    return 0;
  if (dialer->state == ORIEL_STREAM_CONNECTED)
    return wants_write ? POLLIN | POLLOUT : POLLIN;
  return dialer->phase == PHASE_CONNECT ? POLLOUT : POLLIN;
}

int oriel_dialer_timeout_ms(const struct oriel_dialer *dialer, uint64_t now_ns) {
  if (dialer->state == ORIEL_STREAM_CONNECTED)
    return -1;
  /* Rounded up: a wait that ends a moment too early would be a busy loop. */
  return now_ns >= dialer->due_ns ? 0 : (int)((dialer->due_ns - now_ns + ORIEL_NS_PER_MS - 1) / ORIEL_NS_PER_MS);
}

enum oriel_stream_state oriel_dialer_state(const struct oriel_dialer *dialer) {
  return dialer->state;
}

ssize_t oriel_dialer_send(struct oriel_dialer *dialer, const void *data, size_t size, uint64_t now_ns) {
  if (dialer->state != ORIEL_STREAM_CONNECTED)
    return -ENOTCONN;
  ssize_t result = oriel_stream_send(dialer->fd, data, size);
  /* Over UDP the error is of an earlier datagram, and asking took it away: this one has not been tried yet. */
  if (result == -ECONNREFUSED && dialer->impl->type == SOCK_DGRAM)
    result = oriel_stream_send(dialer->fd, data, size);
  if (result == -ECONNREFUSED && dialer->impl->type == SOCK_DGRAM)
    result = -EAGAIN;
  if (result < 0)
    return ended(dialer, result, now_ns);
  carried(dialer, now_ns);
  return result;
}

ssize_t oriel_dialer_receive(struct oriel_dialer *dialer, void *data, size_t size, uint64_t now_ns) {
  if (dialer->state != ORIEL_STREAM_CONNECTED)
    return -ENOTCONN;
  dialer->is_unread = false;
  return receive(dialer, data, size, now_ns);
}

void oriel_dialer_reset(struct oriel_dialer *dialer, uint64_t now_ns) {
  if (dialer->state != ORIEL_STREAM_WAITING)
    fail(dialer, "ended from this side", now_ns);
}

uint64_t oriel_dialer_failures(const struct oriel_dialer *dialer, const char **why) {
  *why = dialer->why;
  return dialer->failures;
}
