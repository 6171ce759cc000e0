/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd's turns. Loop thread.
 */
#include "server/http.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "server/capacity.h"

#define HTTP_BUDGET_NS ORIEL_NS_PER_MS /* of a turn: pictures wait no longer for it */

enum {
  POOL_SIZE = 16 * 1024, /* per connection; headers up to 8 KiB and their parsed form */
  PUMP_TURNS = 16,
  REQUESTS_PER_TURN = 32,
  RESUMES_PER_TURN = 16,
};

static void on_log(void *user, const char *format, va_list arguments) {
  char text[256];
  (void)user;
  if (!oriel_log_enabled(ORIEL_LOG_DEBUG))
    return;
  vsnprintf(text, sizeof text, format, arguments);
  text[strcspn(text, "\n")] = '\0';
  oriel_debug("server", "libmicrohttpd: %s", text);
}

static void on_connection(void *user, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  struct oriel_http *http = user;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    struct oriel_connection *connection = oriel_connection_open(&http->connections, mhd, http->carrier);
    *context = connection;
    if (connection)
      connection->owner = http;
    else /* without a record it has no time limit */
      (void)shutdown(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, SHUT_RDWR);
    oriel_loop_watch(http->loop);
  } else if (*context) {
    oriel_connection_close(*context);
    *context = NULL;
  }
}

/** Called before the URI is taken apart. */
static void *on_uri(void *user, const char *uri, struct MHD_Connection *mhd) {
  struct oriel_connection *connection =
    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
  (void)user;
  if (connection) {
    connection->uri = uri;
    connection->uri_size = uri ? strcspn(uri, " ") : 0;
  }
  return NULL; /* the request's context: none before on_request */
}

/* ---- a turn's budget ---- */

/* One run of libmicrohttpd answers a request of every connection that has one waiting, and hundreds may have: more than
 * the turn's budget holds sleep until the next. */

static bool is_spent(const struct oriel_http *http) {
  struct oriel_budget budget = http->budget;
  oriel_budget_spend(&budget, http->run_ns, oriel_clock_ns());
  return !oriel_budget_left(&budget);
}

static void defer(struct oriel_connection *connection) {
  struct oriel_http *http = connection->owner;
  connection->suspended = true;
  connection->next_deferred = NULL;
  if (http->deferred)
    http->deferred_last->next_deferred = connection;
  else
    http->deferred = connection;
  http->deferred_last = connection;
  http->stats->requests_deferred++;
  MHD_suspend_connection(connection->http);
}

bool oriel_http_defer(struct oriel_connection *connection) {
  if (!is_spent(connection->owner))
    return false;
  oriel_connection_phase(connection, CONNECTION_BODY); /* it is us who are waited for */
  defer(connection);
  return true;
}

bool oriel_http_defer_new(struct oriel_connection *connection) {
  if (connection->resumed || !is_spent(connection->owner))
    return false;
  defer(connection);
  return true;
}

static void resume_deferred(struct oriel_http *http, unsigned count) {
  for (; http->deferred && count > 0; count--) {
    struct oriel_connection *connection = http->deferred;
    http->deferred = connection->next_deferred;
    connection->suspended = false;
    connection->resumed = true;
    MHD_resume_connection(connection->http);
  }
}

/** Paths are matched as they were sent: an escaped spelling of a path is another path, which does not exist. */
static size_t keep_escapes(void *user, struct MHD_Connection *mhd, char *text) {
  (void)user;
  (void)mhd;
  return strlen(text);
}

/* ---- the daemon ---- */

static void on_http_timer(uv_timer_t *timer) {
  oriel_http_pump(timer->data);
}

static void on_http_more(uv_idle_t *idle) {
  oriel_http_pump(idle->data);
}

/** One run. True when there is more to do at once; *wait_ms is otherwise the time until it wants to run again. */
static bool run(struct oriel_http *http, MHD_UNSIGNED_LONG_LONG *wait_ms) {
  http->again = false;
  http->run_ns = oriel_clock_ns();
  (void)MHD_run(http->daemon);
  oriel_budget_spend(&http->budget, http->run_ns, oriel_clock_ns());
  *wait_ms = UINT64_MAX;
  bool timed = MHD_get_timeout(http->daemon, wait_ms) == MHD_YES;
  return http->again || (timed && *wait_ms == 0);
}

/* What is left over goes on by an idle handle, never by a timer of 0 ms: libuv runs timers until none is due, and so
 * would poll no more while a client keeps libmicrohttpd busy. */
void oriel_http_pump(struct oriel_http *http) {
  MHD_UNSIGNED_LONG_LONG wait_ms = UINT64_MAX;
  if (!http->daemon)
    return;
  bool more = true;
  for (int i = 0; i < PUMP_TURNS && more && oriel_budget_left(&http->budget); i++)
    more = run(http, &wait_ms);
  if (more || http->deferred) {
    (void)uv_idle_start(&http->more, on_http_more);
    return;
  }
  (void)uv_idle_stop(&http->more);
  if (wait_ms == UINT64_MAX)
    (void)uv_timer_stop(&http->timer);
  else
    (void)uv_timer_start(&http->timer, on_http_timer, wait_ms, 0);
}

void oriel_http_pump_soon(struct oriel_http *http) {
  http->again = true;
  (void)uv_idle_start(&http->more, on_http_more);
}

void oriel_http_turn(struct oriel_http *http) {
  oriel_budget_renew(&http->budget);
  if (http->daemon)
    resume_deferred(http, RESUMES_PER_TURN);
}

static void on_http_ready(uv_poll_t *poll, int status, int events) {
  struct oriel_http *http = poll->data;
  (void)status;
  (void)events;
  if (!uv_is_active((uv_handle_t *)&http->more)) /* its turn comes already */
    oriel_http_pump(http);
}

int oriel_http_add(struct oriel_http *http, int fd, const struct sockaddr *client, socklen_t size,
                   const struct oriel_carrier *carrier) {
  http->carrier = carrier;
  const enum MHD_Result added = MHD_add_connection(http->daemon, fd, client, size);
  http->carrier = NULL;
  return added == MHD_YES ? 0 : -ECONNREFUSED;
}

/** NULL when memory or descriptors are short; errno says which, or 0. */
static struct MHD_Daemon *start_daemon(struct oriel_http *http, const struct oriel_http_handlers *handlers) {
  const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_UPGRADE | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                         MHD_USE_NO_LISTEN_SOCKET;
  errno = 0; /* all that it says of a failure */
  return MHD_start_daemon(
    flags, 0, NULL, NULL, handlers->request, handlers->user,
    MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE,
    /* Viewers stay in its count; ours, in admission.c, is of the others. */
    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(2 * ORIEL_CONNECTIONS_MAX + ORIEL_VIEWERS_MAX),
    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
    MHD_OPTION_NOTIFY_COMPLETED, handlers->completed, handlers->user,
    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
    MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
    /* 1 would refuse a missing Host by an answer of its own, whose header block it writes twice. The gate is strict. */
    MHD_OPTION_STRICT_FOR_CLIENT, 0,
    MHD_OPTION_END);
}

int oriel_http_start(struct oriel_http *http, struct oriel_loop *loop, struct oriel_server_stats *stats,
                     const struct oriel_http_handlers *handlers) {
  http->loop = loop;
  http->stats = http->connections.stats = stats;
  http->budget = (struct oriel_budget){.limit_ns = HTTP_BUDGET_NS, .limit = REQUESTS_PER_TURN};
  (void)uv_timer_init(loop->uv, &http->timer);
  oriel_loop_opened(loop);
  (void)uv_idle_init(loop->uv, &http->more);
  oriel_loop_opened(loop);
  http->timer.data = http->more.data = http;
  http->daemon = start_daemon(http, handlers);
  if (!http->daemon)
    return errno ? -errno : -ENOMEM;
  int fd = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  int status = uv_poll_init(loop->uv, &http->poll, fd);
  if (status < 0) {
    MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
    return status;
  }
  http->poll.data = http;
  oriel_loop_opened(loop);
  (void)uv_poll_start(&http->poll, UV_READABLE, on_http_ready);
  oriel_http_pump(http);
  return 0;
}

void oriel_http_stop(struct oriel_http *http) {
  if (!http->daemon)
    return;
  oriel_budget_renew(&http->budget);
  oriel_http_pump(http);
  (void)uv_poll_stop(&http->poll); /* the descriptor that is watched ends with the daemon */
  resume_deferred(http, UINT_MAX); /* it does not stop while any sleep */
  MHD_stop_daemon(http->daemon);
  http->daemon = NULL;
}

static void on_closed(uv_handle_t *handle) {
  const struct oriel_http *http = handle->data;
  oriel_loop_closed(http->loop);
}

void oriel_http_close(struct oriel_http *http) {
  uv_handle_t *handles[] = {(uv_handle_t *)&http->timer, (uv_handle_t *)&http->more, (uv_handle_t *)&http->poll};
  for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
    if (handles[i]->data) /* without a daemon there is no descriptor to watch */
      uv_close(handles[i], on_closed);
  }
}
