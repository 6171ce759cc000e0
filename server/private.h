/* SPDX-License-Identifier: MIT
 *
 * The server's own state, shared by the files of this room. Thread-safety: the loop thread only, but for the mounts'
 * `workers_inside` under worker_lock, and `wake` and `ready`, by which any thread says that a desktop has something to
 * send.
 */
#ifndef ORIEL_SERVER_PRIVATE_H
#define ORIEL_SERVER_PRIVATE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <uv.h>

#include "core/clock.h"
#include "server/bucket.h"
#include "server/budget.h"
#include "server/lockout.h"
#include "server/origin.h"
#include "server/policy.h"
#include "server/proxies.h"
#include "server/public.h"
#include "server/server.h"
#include "server/session.h"

#define ORIEL_SUBSYSTEM "server"

enum {
  ORIEL_VIEWERS_MAX = 4096,       /* of all desktops together */
  ORIEL_SNAPSHOTS_MAX = 2,        /* of a desktop at a time: each holds a worker thread and a picture */
  ORIEL_SNAPSHOTS_TOTAL = 8,      /* of all */
  ORIEL_CONNECTIONS_MAX = 512,    /* that are not viewers */
  ORIEL_CONNECTIONS_PER_ADDRESS = 64,
  ORIEL_HEADERS_MAX = 8 * 1024,
  ORIEL_REFUSALS_RATE = 10,       /* logged a second */
  ORIEL_TICK_MS = 250,            /* while anybody is connected */
};

#define ORIEL_LIST_PATH "/list.html" /* the asset that is at / where the desktops are not one */
#define ORIEL_CLOSE_LIMIT_NS (500 * ORIEL_NS_PER_MS) /* for those who are told that all ends */

struct oriel_mount;
struct oriel_peer;
struct oriel_relay;
struct oriel_connection;
struct oriel_request;

struct oriel_server {
  uv_loop_t *loop;
  struct MHD_Daemon *daemon;
  struct oriel_mount *mounts; /* in the order they came, and those that are gone but for their last users */
  unsigned mount_count;       /* without these */
  _Atomic(struct oriel_mount *) ready; /* with something to send; see mount_ready.c */
  struct sockaddr_storage bound;
  bool tls;
  bool secure; /* browsers reach us by TLS, ours or a proxy's */
  struct oriel_public public_address; /* path "/" without a proxy */
  uint64_t upgrade_lost_ns; /* when a handshake came that a proxy had robbed of its Upgrade; 0 = never */
  char cookie[32]; /* its name holds the port: browsers share cookies between ports of one host */
  struct oriel_secret token, view_token, admin_token;
  struct oriel_server_keeper keeper;
  char *share; /* the token for viewing as it is, for a link; NULL = there is none */
  struct oriel_origins origins;
  struct oriel_proxies proxies;
  struct oriel_sessions sessions;
  struct oriel_lockout lockout;
  struct oriel_bucket refusals; /* audit lines about what a role may not do, a second */
  const struct oriel_asset *assets;
  size_t asset_count;
  char page_policy[ORIEL_POLICY_MAX], list_policy[ORIEL_POLICY_MAX]; /* content security policies of the pages */
  const char *version;

  uv_poll_t http_poll;  /* libmicrohttpd's epoll descriptor */
  uv_timer_t http_timer; /* when it wants to run next */
  uv_idle_t http_more;   /* it has work that no descriptor announces: goes on in the loop's next turn */
  bool http_again;       /* such work came while it ran */
  uv_check_t turn;       /* a turn of the loop ends */
  struct oriel_budget http_budget, handshake_budget; /* of a turn */
  uint64_t run_ns;       /* when libmicrohttpd's current run began */
  struct oriel_connection *deferred, *deferred_last; /* whose requests wait for the next turn, in order */
  uv_timer_t tick;
  uv_async_t wake;
  unsigned open_handles; /* of those above and of listen_poll, peers and relays */

  struct ssl_ctx_st *tls_context; /* NULL without TLS */
  int listener;                   /* -1 once it is closed */
  uv_poll_t listen_poll;
  bool listener_paused; /* out of descriptors; the next tick tries again */
  struct oriel_relay *relays, *handed_over;
  unsigned relay_count;

  struct oriel_connection *connections; /* HTTP, not yet viewers */
  unsigned connection_count;
  unsigned peer_count; /* of all mounts */

  uv_mutex_t worker_lock; /* guards the mounts' workers_inside */
  uv_cond_t worker_left;
  unsigned workers;           /* of all mounts, begun and not yet back in the loop */
  unsigned snapshots;         /* of those: requests between start and answer */
  unsigned thumbnails_making; /* of those, too */

  struct oriel_server_stats stats;
  struct oriel_desktop_stats desktop_stats; /* too large for a stack */

  bool closing;
  uint64_t close_by_ns;
  void (*closed)(void *user);
  void *closed_user;
};

/** Runs the tick while anybody is connected, and not otherwise. */
void oriel_server_watch(struct oriel_server *server);

/** One of the handles counted in open_handles is closed; the last one of a closing server frees it. */
void oriel_server_handle_closed(struct oriel_server *server);

/* http.c */
/** Makes libmicrohttpd's daemon, which listens nowhere. 0 or -errno. */
int oriel_http_start(struct oriel_server *server);
/** Serves a connected non-blocking socket, which is its own from then on, also after a failure. 0 or -errno. */
int oriel_http_add(struct oriel_server *server, int fd, const struct sockaddr *client, socklen_t size);
/** Lets libmicrohttpd work, as long as the turn's budget lasts. */
void oriel_http_pump(struct oriel_server *server);
/** The same in the loop's next turn; may be called from inside libmicrohttpd. */
void oriel_http_pump_soon(struct oriel_server *server);
/** For a handler with more to do than a turn has time for: where that is over, the request sleeps, true is returned,
 *  and the handler, which returns MHD_YES then, is called again in the next turn. */
bool oriel_http_defer(struct oriel_request *request);
/** A turn of the loop ends: renews the budgets, and goes on with what was deferred. */
void oriel_http_turn(struct oriel_server *server);
/** Ends connections whose client has gone. */
void oriel_http_reap(struct oriel_server *server);
void oriel_http_tick(struct oriel_server *server, uint64_t now_ns);
/** Ends connections that wait for a request. */
void oriel_http_quiesce(struct oriel_server *server);
void oriel_http_stop(struct oriel_server *server);

#endif
