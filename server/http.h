/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd inside the loop: its epoll descriptor is one watched descriptor here, and it works when that is
 * readable, for as long as a turn's budget lasts. What is asked is nothing that this knows. Thread-safety: the loop
 * thread only.
 */
#ifndef ORIEL_SERVER_HTTP_H
#define ORIEL_SERVER_HTTP_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/budget.h"
#include "server/connection.h"
#include "server/loop.h"
#include "server/stats.h"

/** What libmicrohttpd calls for requests. */
struct oriel_http_handlers {
  MHD_AccessHandlerCallback request;
  MHD_RequestCompletedCallback completed;
  void *user; /* of both */
};

struct oriel_http {
  struct oriel_loop *loop; /* both borrowed */
  struct oriel_server_stats *stats;
  struct MHD_Daemon *daemon;
  uv_poll_t poll;   /* libmicrohttpd's epoll descriptor */
  uv_timer_t timer; /* when it wants to run next */
  uv_idle_t more;   /* it has work that no descriptor announces: goes on in the loop's next turn */
  bool again;       /* such work came while it ran */
  struct oriel_budget budget; /* of a turn */
  uint64_t run_ns;            /* when libmicrohttpd's current run began */
  struct oriel_connection *deferred, *deferred_last; /* whose requests wait for the next turn, in order */
  const struct oriel_carrier *carrier; /* of the connection that is being added; NULL = none */
  struct oriel_connections connections;
};

/** Opens the handles and makes libmicrohttpd's daemon, which listens nowhere. 0 or -errno: the handles are to be closed
 *  all the same. */
int oriel_http_start(struct oriel_http *http, struct oriel_loop *loop, struct oriel_server_stats *stats,
                     const struct oriel_http_handlers *handlers);
/** Serves a connected non-blocking socket, which is its own from then on, also after a failure; `carrier` (NULL = none)
 *  must live until it ends the connection or `closed`. 0 or -errno. */
int oriel_http_add(struct oriel_http *http, int fd, const struct sockaddr *client, socklen_t size,
                   const struct oriel_carrier *carrier);
/** Lets libmicrohttpd work, as long as the turn's budget lasts. */
void oriel_http_pump(struct oriel_http *http);
/** The same in the loop's next turn; may be called from inside libmicrohttpd. */
void oriel_http_pump_soon(struct oriel_http *http);
/** For a handler with more to do than a turn has time for: where that is over, the request sleeps, true is returned,
 *  and the handler, which returns MHD_YES then, is called again in the next turn. */
bool oriel_http_defer(struct oriel_connection *connection);
/** The same before a request is begun; one that has slept is begun in any case. */
bool oriel_http_defer_new(struct oriel_connection *connection);
/** A turn of the loop ends: renews the budget, and goes on with what was deferred. */
void oriel_http_turn(struct oriel_http *http);
/** The last run, which hands back the sockets of viewers that ended in this turn, and the daemon's end. */
void oriel_http_stop(struct oriel_http *http);
/** Closes what start opened. */
void oriel_http_close(struct oriel_http *http);

#endif
