/* SPDX-License-Identifier: MIT
 *
 * Moving bytes. Loop thread.
 */
#include "server/pump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "core/clock.h"

enum { TURNS = 16 };

void oriel_pump_init(struct oriel_pump *pump) {
  memset(pump, 0, offsetof(struct oriel_pump, up));
  pump->socket = -1;
  pump->up.start = pump->up.size = pump->down.start = pump->down.size = 0;
  pump->up.ended = pump->down.ended = false;
}

void oriel_pump_finish(struct oriel_pump *pump) {
  explicit_bzero(&pump->up, sizeof pump->up);
  explicit_bzero(&pump->down, sizeof pump->down);
}

static void filled(struct oriel_pump_flow *flow, ssize_t count) {
  flow->start = 0;
  flow->size = (size_t)count;
}

static void emptied(struct oriel_pump_flow *flow, ssize_t count) {
  flow->start += (size_t)count;
  flow->size -= (size_t)count;
}

/* Each of the four returns true when something moved, and else adds what it waits for to *events. */

static bool fetch_up(struct oriel_pump *pump, int *events) {
  struct oriel_pump_flow *up = &pump->up;
  if (up->size || up->ended)
    return false;
  const ssize_t count = oriel_link_recv(pump->link, up->data, sizeof up->data);
  if (count > 0)
    filled(up, count);
  else if (count == -EAGAIN)
    *events |= oriel_link_wants(pump->link, false);
  else
    up->ended = true;
  return count > 0;
}

static bool push_up(struct oriel_pump *pump, int *events) {
  struct oriel_pump_flow *up = &pump->up;
  ssize_t count = 0;
  if (pump->deaf)
    up->size = 0;
  if (up->size) {
    count = send(pump->socket, up->data + up->start, up->size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0)
      emptied(up, count);
    else if (errno == EAGAIN)
      *events |= UV_WRITABLE;
    else if (errno != EINTR)
      pump->deaf = true;
  }
  if (up->ended && up->size == 0 && !pump->passed) {
    pump->passed = true;
    (void)shutdown(pump->socket, SHUT_WR);
  }
  return count > 0;
}

static bool fetch_down(struct oriel_pump *pump, int *events) {
  struct oriel_pump_flow *down = &pump->down;
  if (down->size || down->ended)
    return false;
  const ssize_t count = recv(pump->socket, down->data, sizeof down->data, MSG_DONTWAIT);
  if (count > 0) {
    filled(down, count);
    pump->progress_ns = oriel_clock_ns();
  } else if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    *events |= UV_READABLE;
  } else {
    down->ended = true;
  }
  return count > 0;
}

static bool push_down(struct oriel_pump *pump, int *events) {
  struct oriel_pump_flow *down = &pump->down;
  ssize_t count = 0;
  if (down->size) {
    const struct iovec piece = {.iov_base = down->data + down->start, .iov_len = down->size};
    count = oriel_link_sendv(pump->link, &piece, 1);
    if (count > 0) {
      emptied(down, count);
      pump->progress_ns = oriel_clock_ns();
    } else if (count == -EAGAIN) {
      *events |= oriel_link_wants(pump->link, true);
    } else { /* nobody takes the rest */
      down->size = 0;
      down->ended = pump->up.ended = true;
    }
  }
  if (down->ended && down->size == 0 && !pump->shut) {
    pump->shut = true;
    oriel_link_end(pump->link);
  }
  return count > 0;
}

bool oriel_pump_run(struct oriel_pump *pump, int *link_events, int *socket_events) {
  bool moved = true;
  for (int i = 0; moved && i < TURNS; i++) {
    *link_events = *socket_events = 0;
    moved = fetch_up(pump, link_events);
    moved = push_up(pump, socket_events) || moved;
    moved = fetch_down(pump, socket_events) || moved;
    moved = push_down(pump, link_events) || moved;
  }
  return moved;
}

int oriel_pump_drain(struct oriel_pump *pump) {
  int link_events = 0, socket_events = 0;
  while (pump->down.size || fetch_down(pump, &socket_events)) {
    if (!push_down(pump, &link_events))
      break;
  }
  if (pump->down.ended)
    return -ECONNRESET;
  return pump->down.size ? -EAGAIN : 0;
}

bool oriel_pump_over(const struct oriel_pump *pump) {
  return pump->shut && pump->up.ended;
}
