/* SPDX-License-Identifier: MIT
 *
 * Listening at or dialing one address. guest_audio's thread.
 */
#include "source/guest_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "transport/dialer.h"
#include "transport/listener.h"
#include "transport/stream.h"

enum { ACCEPTS_MAX = 16 }; /* in a turn: others have theirs while somebody connects without end */
/* Whoever can't be taken in keeps the listener ready: between two attempts. */
static const uint64_t retry_ns = 100 * ORIEL_NS_PER_MS;

/* A port that comes and goes is dialed, as transport/listener.h advises. */
static bool is_dialed(const struct oriel_transport_address *address, bool dial_unix) {
  return address->scheme == ORIEL_TRANSPORT_SERIAL || (dial_unix && address->scheme == ORIEL_TRANSPORT_UNIX);
}

int guest_link_open(struct guest_link *link, const char *text, bool dial_unix, char *why, size_t why_size) {
  *link = (struct guest_link){.fd = -1};
  snprintf(link->text, sizeof link->text, "%s", text);
  int error = oriel_transport_address_parse(text, &link->address, why, why_size);
  if (error < 0)
    return error;
  if (!is_dialed(&link->address, dial_unix))
    return oriel_listener_create(&link->address, &link->listener, why, why_size);
  error = oriel_dialer_create(&link->address, &link->dialer);
  if (error < 0)
    snprintf(why, why_size, "cannot use %.200s: %s", text, strerror(-error));
  return error;
}

void guest_link_finish(struct guest_link *link) {
  if (link->listener && link->fd >= 0)
    close(link->fd);
  oriel_listener_destroy(link->listener);
  if (link->dialer)
    oriel_dialer_destroy(link->dialer);
  *link = (struct guest_link){.fd = -1};
}

void guest_link_poll(const struct guest_link *link, bool wants_write, struct pollfd polls[GUEST_LINK_POLLS]) {
  polls[0] = polls[1] = (struct pollfd){.fd = -1};
  if (link->dialer) {
    polls[0].fd = oriel_dialer_fd(link->dialer);
    polls[0].events = oriel_dialer_events(link->dialer, wants_write);
  } else if (link->listener) {
    polls[0] = (struct pollfd){.fd = link->fd, .events = (short)(POLLIN | (wants_write ? POLLOUT : 0))};
    polls[1] = (struct pollfd){.fd = link->retry_at_ns ? -1 : oriel_listener_fd(link->listener), .events = POLLIN};
  }
}

int guest_link_timeout_ms(const struct guest_link *link, uint64_t now_ns) {
  if (link->dialer)
    return oriel_dialer_timeout_ms(link->dialer, now_ns);
  if (!link->retry_at_ns)
    return -1;
  return link->retry_at_ns > now_ns ? (int)((link->retry_at_ns - now_ns) / ORIEL_NS_PER_MS) + 1 : 0;
}

static void step_dialer(struct guest_link *link, short revents, uint64_t now_ns) {
  const bool connected = oriel_dialer_step(link->dialer, revents, now_ns) == ORIEL_STREAM_CONNECTED;
  const char *why;
  const uint64_t failures = oriel_dialer_failures(link->dialer, &why);
  if (connected && (!link->is_connected || failures != link->dialer_failures))
    link->connections++;
  link->is_connected = connected;
  link->dialer_failures = failures;
}

void guest_link_step(struct guest_link *link, const struct pollfd polls[GUEST_LINK_POLLS], uint64_t now_ns) {
  if (link->dialer) {
    step_dialer(link, polls[0].revents, now_ns);
    return;
  }
  /* UDP and serial lines have their stream from the start. The last of several is the newest. */
  if (!link->listener || (!polls[1].revents && polls[1].fd >= 0) || now_ns < link->retry_at_ns)
    return;
  int fd = 0;
  for (unsigned i = 0; i < ACCEPTS_MAX && (fd = oriel_listener_accept(link->listener)) >= 0; i++) {
    if (link->fd >= 0)
      close(link->fd);
    link->fd = fd;
    link->is_connected = true;
    link->connections++;
  }
  link->retry_at_ns = fd >= 0 || fd == -EAGAIN ? 0 : now_ns + retry_ns;
}

int guest_link_fd(const struct guest_link *link) {
  if (!link->is_connected)
    return -1;
  return link->dialer ? oriel_dialer_fd(link->dialer) : link->fd;
}

static void close_stream(struct guest_link *link) {
  if (link->fd >= 0)
    close(link->fd);
  link->fd = -1;
  link->is_connected = false;
}

static ssize_t close_if_ended(struct guest_link *link, ssize_t result) {
  if (result >= 0 || result == -EAGAIN || result == -EMSGSIZE)
    return result;
  if (link->dialer)
    link->is_connected = false;
  else
    close_stream(link);
  return result;
}

ssize_t guest_link_receive(struct guest_link *link, void *data, size_t size, uint64_t now_ns) {
  if (!link->is_connected)
    return -ENOTCONN;
  return close_if_ended(link, link->dialer ? oriel_dialer_receive(link->dialer, data, size, now_ns)
                                           : oriel_stream_receive(link->fd, data, size));
}

ssize_t guest_link_send(struct guest_link *link, const void *data, size_t size, uint64_t now_ns) {
  if (!link->is_connected)
    return -ENOTCONN;
  return close_if_ended(link, link->dialer ? oriel_dialer_send(link->dialer, data, size, now_ns)
                                           : oriel_stream_send(link->fd, data, size));
}

void guest_link_drop(struct guest_link *link, uint64_t now_ns) {
  if (link->dialer) {
    oriel_dialer_reset(link->dialer, now_ns);
    link->is_connected = false;
  } else {
    close_stream(link);
  }
}
