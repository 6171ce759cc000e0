/* SPDX-License-Identifier: MIT
 *
 * WHEP's UDP port in the loop. Loop thread.
 */
#include "server/whep_port.h"

#include <string.h>

#include "core/log.h"
#include "server/whep_client.h"

enum { BATCHES_PER_TURN = 8 };
#define TURN_NS (2 * ORIEL_NS_PER_MS) /* whatever datagrams cost, the loop has others to serve */

static void on_ready(uv_poll_t *poll, int status, int events);

/** 0, -errno: it is tried again the next time. */
static int watch(struct oriel_whep *whep, bool writable) {
  const int events = UV_READABLE | (writable ? UV_WRITABLE : 0);
  if (events == whep->events)
    return 0;
  const int status = uv_poll_start(&whep->poll, events, on_ready);
  whep->events = status == 0 ? events : 0;
  return status;
}

/** The socket has an error, for which libuv has stopped the poll: asking for it takes it away. */
static void take_error(struct oriel_whep *whep) {
  int error = 0;
  socklen_t size = sizeof error;
  (void)getsockopt(whep->udp.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (!whep->error_told)
    oriel_warn("server", "the UDP port of WHEP reported \"%s\" and goes on; later errors are not told",
               strerror(error));
  whep->error_told = true;
  whep->events = 0;
}

/** Those whose time has come: who waits for the longest is the first. */
static void pump(struct oriel_whep *whep) {
  const uint64_t now_ns = oriel_clock_ns();
  struct oriel_heap_node *node;
  uint64_t at_ns;
  while ((node = oriel_heap_first(&whep->due, &at_ns)) && at_ns <= now_ns) {
    if (!oriel_udp_slot(&whep->udp) && !oriel_udp_flush(&whep->udp)) {
      whep->cut_short = true;
      break;
    }
    oriel_whep_client_pump(whep, oriel_heap_entry_of(node, struct oriel_whep_client, due), now_ns);
  }
  oriel_whep_port_schedule(whep);
}

static void take(struct oriel_whep *whep, struct oriel_udp_datagram *datagram, uint64_t now_ns) {
  struct oriel_webrtc_route *route =
    oriel_webrtc_router_find(&whep->router, &datagram->path.peer, datagram->data, datagram->size);
  if (!route) {
    whep->strange++;
    return;
  }
  if (oriel_webrtc_session_receive(route->session, &datagram->path, datagram->data, datagram->size, now_ns))
    oriel_webrtc_router_learn(&whep->router, route, &datagram->path.peer, now_ns);
  struct oriel_whep_client *client = oriel_list_entry(route, struct oriel_whep_client, route);
  oriel_whep_client_pump(whep, client, now_ns);
}

static void take_batches(struct oriel_whep *whep) {
  const uint64_t end_ns = oriel_clock_ns() + TURN_NS;
  unsigned count = ORIEL_UDP_BATCH;
  for (unsigned i = 0; i < BATCHES_PER_TURN && count == ORIEL_UDP_BATCH; i++) {
    const uint64_t now_ns = oriel_clock_ns();
    if (now_ns >= end_ns)
      break;
    count = oriel_udp_receive(&whep->udp);
    for (unsigned at = 0; at < count; at++)
      take(whep, &whep->udp.in[at], now_ns);
  }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  struct oriel_whep *whep = poll->data;
  if (status < 0) {
    take_error(whep);
    events = UV_READABLE;
  }
  if (events & UV_READABLE)
    take_batches(whep);
  if (events & UV_WRITABLE) {
    whep->cut_short = false;
    pump(whep);
  } else {
    oriel_whep_port_schedule(whep);
  }
}

static void on_timer(uv_timer_t *timer) {
  struct oriel_whep *whep = timer->data;
  whep->timer_ns = 0;
  pump(whep);
}

void oriel_whep_port_schedule(struct oriel_whep *whep) {
  uint64_t due_ns;
  if (!whep->open)
    return;
  const bool flushed = oriel_udp_flush(&whep->udp);
  (void)watch(whep, !flushed || whep->cut_short);
  if (!oriel_heap_first(&whep->due, &due_ns) || (whep->timer_ns && whep->timer_ns <= due_ns))
    return; /* a timer that fires early costs a look */
  const uint64_t now_ns = oriel_clock_ns();
  const uint64_t wait_ms = due_ns > now_ns ? (due_ns - now_ns + ORIEL_NS_PER_MS - 1) / ORIEL_NS_PER_MS : 1;
  whep->timer_ns = now_ns + wait_ms * ORIEL_NS_PER_MS;
  uv_update_time(whep->loop->uv);
  (void)uv_timer_start(&whep->timer, on_timer, wait_ms, 0);
}

int oriel_whep_port_watch(struct oriel_whep *whep) {
  const int status = uv_poll_init(whep->loop->uv, &whep->poll, whep->udp.fd);
  if (status < 0)
    return status;
  (void)uv_timer_init(whep->loop->uv, &whep->timer);
  whep->poll.data = whep->timer.data = whep;
  whep->open = true;
  oriel_loop_opened(whep->loop);
  oriel_loop_opened(whep->loop);
  return watch(whep, false);
}

static void on_closed(uv_handle_t *handle) {
  const struct oriel_whep *whep = handle->data;
  oriel_loop_closed(whep->loop);
}

void oriel_whep_port_close(struct oriel_whep *whep) {
  if (!whep->open)
    return;
  whep->open = false;
  (void)oriel_udp_flush(&whep->udp);
  uv_close((uv_handle_t *)&whep->poll, on_closed);
  uv_close((uv_handle_t *)&whep->timer, on_closed);
}

unsigned oriel_whep_port_candidates(const struct oriel_whep *whep, struct oriel_webrtc_address *candidates) {
  memcpy(candidates, whep->public_addresses, whep->public_count * sizeof *candidates);
  return whep->public_count +
         oriel_udp_addresses(&whep->udp, candidates + whep->public_count,
                             ORIEL_SDP_CANDIDATES_MAX - whep->public_count);
}
