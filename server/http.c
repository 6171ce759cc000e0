/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd inside the loop: its epoll descriptor is one watched descriptor here, and it works when that is
 * readable. Connections have absolute deadlines of ours, since its own time-out starts again with every byte.
 * Loop thread.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "server/gate.h"
#include "server/mount.h"
#include "server/relay.h"
#include "server/route.h"

#define HTTP_BUDGET_NS ORIEL_NS_PER_MS /* of a turn: pictures wait no longer for it */

enum {
  POOL_SIZE = 16 * 1024, /* per connection; headers up to 8 KiB and their parsed form */
  PUMP_TURNS = 16,
  REQUESTS_PER_TURN = 32,
  RESUMES_PER_TURN = 16,
  HEADERS_LIMIT_S = 5,
  BODY_LIMIT_S = 5,
  ANSWER_LIMIT_S = 60,
  IDLE_LIMIT_S = 15, /* until the next request's headers are whole */
  BODY_WASTE_MAX = 64 * 1024, /* read and dropped of a body that is too large, so that the refusal arrives */
};

static void on_log(void *user, const char *format, va_list arguments) {
  char text[256];
  (void)user;
  if (!oriel_log_enabled(ORIEL_LOG_DEBUG))
    return;
  vsnprintf(text, sizeof text, format, arguments);
  text[strcspn(text, "\n")] = '\0';
  oriel_debug(ORIEL_SUBSYSTEM, "libmicrohttpd: %s", text);
}

/* ---- connections ---- */

void oriel_connection_phase(struct oriel_connection *connection, enum connection_phase phase) {
  static const unsigned limits_s[] = {
    [CONNECTION_HEADERS] = HEADERS_LIMIT_S,
    [CONNECTION_BODY] = BODY_LIMIT_S,
    [CONNECTION_ANSWER] = ANSWER_LIMIT_S,
    [CONNECTION_IDLE] = IDLE_LIMIT_S,
    [CONNECTION_UPGRADED] = 0,
  };
  connection->phase = phase;
  connection->phase_ns = oriel_clock_ns();
  connection->deadline_ns = connection->phase_ns + limits_s[phase] * ORIEL_NS_PER_SECOND;
}

void oriel_connection_doom(struct oriel_connection *connection) {
  (void)shutdown(connection->fd, SHUT_RDWR);
  connection->doomed = true;
}

/** Dooms a connection whose client has gone. libmicrohttpd reads once per edge of its epoll, so the end of a stream
 *  that came together with the last bytes shows to it only at the deadline. */
static void doom_if_ended(struct oriel_connection *connection) {
  char byte;
  if (!connection->doomed && !connection->suspended && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
    oriel_connection_doom(connection);
}

void oriel_http_reap(struct oriel_server *server) {
  for (struct oriel_connection *connection = server->connections; connection; connection = connection->next)
    doom_if_ended(connection);
}

static struct oriel_connection *connection_open(struct oriel_server *server, struct MHD_Connection *http) {
  struct oriel_connection *connection = calloc(1, sizeof *connection);
  if (!connection)
    return NULL;
  connection->server = server;
  connection->http = http;
  connection->fd = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  const struct sockaddr *client = MHD_get_connection_info(http, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  oriel_address_key(client, &connection->key);
  oriel_address_text(client, connection->client);
  struct sockaddr_storage local = {0};
  socklen_t size = sizeof local;
  oriel_connection_phase(connection, CONNECTION_HEADERS);
  if (server->handed_over) {
    uint64_t accepted_ns;
    connection->relay = server->handed_over;
    oriel_relay_carry(connection->relay, connection, &local, &accepted_ns);
    connection->phase_ns = accepted_ns;
    connection->deadline_ns = accepted_ns + HEADERS_LIMIT_S * ORIEL_NS_PER_SECOND;
  } else {
    (void)getsockname(connection->fd, (struct sockaddr *)&local, &size);
  }
  oriel_address_text((struct sockaddr *)&local, connection->local);
  connection->next = server->connections;
  if (connection->next)
    connection->next->previous = connection;
  server->connections = connection;
  server->connection_count++;
  server->stats.connections++;
  return connection;
}

void oriel_connection_unlist(struct oriel_connection *connection) {
  struct oriel_server *server = connection->server;
  if (connection->phase == CONNECTION_UPGRADED)
    return;
  if (connection->previous)
    connection->previous->next = connection->next;
  else
    server->connections = connection->next;
  if (connection->next)
    connection->next->previous = connection->previous;
  server->connection_count--;
}

static void on_connection(void *user, struct MHD_Connection *http, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    *context = connection_open(user, http);
    if (!*context) /* without a record it has no time limit */
      (void)shutdown(MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, SHUT_RDWR);
    oriel_server_watch(user);
    return;
  }
  struct oriel_connection *connection = *context;
  if (!connection)
    return;
  oriel_connection_unlist(connection);
  if (connection->relay)
    oriel_relay_closed(connection->relay);
  free(connection);
  *context = NULL;
}

/* ---- requests ---- */

struct header_search {
  const char *name, *value;
  unsigned count;
};

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
  struct header_search *search = user;
  (void)kind;
  if (strcasecmp(name, search->name) == 0) {
    search->value = value ? value : "";
    search->count++;
  }
  return MHD_YES;
}

const char *oriel_request_header(const struct oriel_request *request, const char *name, unsigned *count) {
  struct header_search search = {.name = name};
  (void)MHD_get_connection_values(request->http, MHD_HEADER_KIND, on_header, &search);
  *count = search.count;
  return search.value;
}

struct oriel_desktop *oriel_request_desktop(const struct oriel_request *request) {
  return request->mount ? request->mount->desktop : NULL;
}

/** Called before the URI is taken apart. */
static void *on_uri(void *user, const char *uri, struct MHD_Connection *http) {
  struct oriel_connection *connection =
    MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
  (void)user;
  if (connection) {
    connection->uri = uri;
    connection->uri_size = uri ? strcspn(uri, " ") : 0;
  }
  return NULL; /* the request's context: none before on_request */
}

/* One run of libmicrohttpd answers a request of every connection that has one waiting, and hundreds may have: more than
 * the turn's budget holds sleep until the next. */

static bool is_spent(const struct oriel_server *server) {
  struct oriel_budget budget = server->http_budget;
  oriel_budget_spend(&budget, server->run_ns, oriel_clock_ns());
  return !oriel_budget_left(&budget);
}

static void defer(struct oriel_connection *connection) {
  struct oriel_server *server = connection->server;
  connection->suspended = true;
  connection->next_deferred = NULL;
  if (server->deferred)
    server->deferred_last->next_deferred = connection;
  else
    server->deferred = connection;
  server->deferred_last = connection;
  server->stats.requests_deferred++;
  MHD_suspend_connection(connection->http);
}

bool oriel_http_defer(struct oriel_request *request) {
  if (!is_spent(request->server))
    return false;
  oriel_connection_phase(request->connection, CONNECTION_BODY); /* it is us who are waited for */
  defer(request->connection);
  return true;
}

static void resume_deferred(struct oriel_server *server, unsigned count) {
  for (; server->deferred && count > 0; count--) {
    struct oriel_connection *connection = server->deferred;
    server->deferred = connection->next_deferred;
    connection->suspended = false;
    connection->resumed = true;
    MHD_resume_connection(connection->http);
  }
}

/** Headers are whole: judge them. A refusal is answered at once, without the body. */
static enum MHD_Result begin(struct oriel_request *request, const char *method) {
  struct oriel_verdict verdict;
  request->server->stats.requests++;
  oriel_request_locate(request);
  oriel_connection_phase(request->connection, CONNECTION_BODY);
  oriel_gate_check(request, method, &verdict);
  if (verdict.status) {
    oriel_debug(ORIEL_SUBSYSTEM, "%s %s from %s: %u", method, request->path, request->client, verdict.status);
    return oriel_gate_refuse(request, &verdict);
  }
  if (request->credential != ORIEL_CREDENTIAL_NONE && !request->unproved)
    request->connection->known = true;
  return MHD_YES;
}

static enum MHD_Result take_body(struct oriel_request *request, const char *data, size_t *size) {
  if (request->body_size + *size <= sizeof request->body)
    memcpy(request->body + request->body_size, data, *size);
  request->body_size += *size;
  *size = 0;
  return request->body_size > BODY_WASTE_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *http, const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_size, void **context) {
  struct oriel_request *request = *context;
  if (!request) {
    struct oriel_connection *connection =
      MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (connection && !connection->resumed && is_spent(user)) {
      defer(connection);
      return MHD_YES;
    }
    request = connection ? calloc(1, sizeof *request) : NULL;
    if (!request)
      return MHD_NO;
    *request = (struct oriel_request){
      .server = user, .http = http, .connection = connection, .path = path, .version = version};
    *context = request;
    connection->resumed = false;
    request->server->http_budget.count++;
    return begin(request, method);
  }
  request->connection->resumed = false;
  if (*body_size)
    return take_body(request, body, body_size);
  request->path = oriel_public_inner(&request->server->public_address, path);
  request->version = version;
  if (request->body_size > sizeof request->body)
    return oriel_answer_error(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 4 KiB", NULL, NULL);
  return request->route->handle(request);
}

static void on_completed(void *user, struct MHD_Connection *http, void **context,
                         enum MHD_RequestTerminationCode code) {
  struct oriel_request *request = *context;
  (void)user;
  (void)http;
  (void)code;
  if (!request)
    return;
  if (request->connection->phase != CONNECTION_UPGRADED)
    oriel_connection_phase(request->connection, CONNECTION_IDLE);
  if (request->snapshot)
    oriel_snapshot_drop(request->snapshot);
  oriel_metrics_drop(request->metrics);
  /* Of a log-in that broke off, it holds the token. */
  explicit_bzero(request->body, request->body_size < sizeof request->body ? request->body_size : sizeof request->body);
  oriel_mount_unref(request->mount);
  free(request);
  *context = NULL;
}

/** Paths are matched as they were sent: an escaped spelling of a path is another path, which does not exist. */
static size_t keep_escapes(void *user, struct MHD_Connection *http, char *text) {
  (void)user;
  (void)http;
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
static bool run(struct oriel_server *server, MHD_UNSIGNED_LONG_LONG *wait_ms) {
  server->http_again = false;
  server->run_ns = oriel_clock_ns();
  (void)MHD_run(server->daemon);
  oriel_budget_spend(&server->http_budget, server->run_ns, oriel_clock_ns());
  *wait_ms = UINT64_MAX;
  bool timed = MHD_get_timeout(server->daemon, wait_ms) == MHD_YES;
  return server->http_again || (timed && *wait_ms == 0);
}

/* What is left over goes on by an idle handle, never by a timer of 0 ms: libuv runs timers until none is due, and so
 * would poll no more while a client keeps libmicrohttpd busy. */
void oriel_http_pump(struct oriel_server *server) {
  MHD_UNSIGNED_LONG_LONG wait_ms = UINT64_MAX;
  if (!server->daemon)
    return;
  bool more = true;
  for (int i = 0; i < PUMP_TURNS && more && oriel_budget_left(&server->http_budget); i++)
    more = run(server, &wait_ms);
  if (more || server->deferred) {
    (void)uv_idle_start(&server->http_more, on_http_more);
    return;
  }
  (void)uv_idle_stop(&server->http_more);
  if (wait_ms == UINT64_MAX)
    (void)uv_timer_stop(&server->http_timer);
  else
    (void)uv_timer_start(&server->http_timer, on_http_timer, wait_ms, 0);
}

void oriel_http_pump_soon(struct oriel_server *server) {
  server->http_again = true;
  (void)uv_idle_start(&server->http_more, on_http_more);
}

void oriel_http_turn(struct oriel_server *server) {
  oriel_budget_renew(&server->http_budget);
  oriel_budget_renew(&server->handshake_budget);
  if (server->daemon)
    resume_deferred(server, RESUMES_PER_TURN);
}

static void on_http_ready(uv_poll_t *poll, int status, int events) {
  struct oriel_server *server = poll->data;
  (void)status;
  (void)events;
  if (!uv_is_active((uv_handle_t *)&server->http_more)) /* its turn comes already */
    oriel_http_pump(server);
}

int oriel_http_add(struct oriel_server *server, int fd, const struct sockaddr *client, socklen_t size) {
  return MHD_add_connection(server->daemon, fd, client, size) == MHD_YES ? 0 : -ECONNREFUSED;
}

int oriel_http_start(struct oriel_server *server) {
  const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_UPGRADE | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                         MHD_USE_NO_LISTEN_SOCKET;
  server->http_budget = (struct oriel_budget){.limit_ns = HTTP_BUDGET_NS, .limit = REQUESTS_PER_TURN};
  errno = 0; /* all that it says of a failure */
  server->daemon = MHD_start_daemon(
    flags, 0, NULL, NULL, on_request, server,
    MHD_OPTION_EXTERNAL_LOGGER, on_log, server,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE,
    /* Viewers stay in its count; ours, in admission.c, is of the others. */
    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(2 * ORIEL_CONNECTIONS_MAX + ORIEL_VIEWERS_MAX),
    MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
    MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, server,
    MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
    /* 1 would refuse a missing Host by an answer of its own, whose header block it writes twice. The gate is strict. */
    MHD_OPTION_STRICT_FOR_CLIENT, 0,
    MHD_OPTION_END);
  if (!server->daemon)
    return errno ? -errno : -ENOMEM;
  int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  int status = uv_poll_init(server->loop, &server->http_poll, fd);
  if (status < 0) {
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    return status;
  }
  server->http_poll.data = server;
  server->open_handles++;
  (void)uv_poll_start(&server->http_poll, UV_READABLE, on_http_ready);
  oriel_http_pump(server);
  return 0;
}

void oriel_http_tick(struct oriel_server *server, uint64_t now_ns) {
  for (struct oriel_connection *connection = server->connections; connection; connection = connection->next) {
    if (connection->suspended || connection->doomed)
      continue;
    if (now_ns >= connection->deadline_ns) {
      if (connection->phase != CONNECTION_IDLE)
        server->stats.deadlines++;
      oriel_connection_doom(connection);
    } else if (connection->phase != CONNECTION_ANSWER) {
      doom_if_ended(connection);
    }
  }
}

void oriel_http_quiesce(struct oriel_server *server) {
  for (struct oriel_connection *connection = server->connections; connection; connection = connection->next) {
    if (connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEADERS)
      connection->deadline_ns = 0;
  }
}

void oriel_http_stop(struct oriel_server *server) {
  if (!server->daemon)
    return;
  resume_deferred(server, UINT_MAX); /* it does not stop while any sleep */
  MHD_stop_daemon(server->daemon);
  server->daemon = NULL;
}
