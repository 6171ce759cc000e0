/* SPDX-License-Identifier: MIT
 *
 * TLS relays. Loop thread; no call here blocks. Each direction holds at most one buffer: what the far side does not
 * take is not read from the near side.
 *
 * Every phase has its limit: the handshake 5 s; the requests those of the HTTP connection, and a viewer its own; 15 s
 * in which the client takes nothing of what is for it; 5 s for the rest once the connection inside is closed; 3 s for
 * the client to close when it has everything.
 */
#include "server/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "server/hint.h"
#include "server/tls.h"

#define HANDSHAKE_BUDGET_NS ORIEL_NS_PER_MS /* of a turn; one of RSA takes that long by itself */

enum {
  BUFFER_SIZE = 16 * 1024,  /* one TLS record */
  PAIR_BUFFER = 32 * 1024,  /* of the socket pair, each way */
  UNSENT_MAX = 16 * 1024,   /* see peer.c */
  PUMP_TURNS = 16,
  HANDSHAKE_LIMIT_S = 5,
  STALL_LIMIT_S = 15, /* more than a viewer's 10, so that it is told BYE, if it still hears */
  CLOSED_LIMIT_S = 5,
  LINGER_LIMIT_S = 3,
};

/** One direction's bytes in flight. */
struct direction {
  uint8_t data[BUFFER_SIZE];
  size_t start, size;
  bool ended; /* nothing more comes in */
};

struct oriel_relay {
  struct oriel_relay *next, *previous;
  struct oriel_relays *relays;
  struct oriel_carrier carrier;
  struct oriel_connection *connection; /* from the handshake to its close */
  int outer, inner; /* the client's socket; our end of the pair, -1 during the handshake */
  SSL *ssl;
  uv_poll_t outer_poll, inner_poll;
  unsigned open_polls;
  bool shut, passed; /* told the client that no more comes; told the server's side */
  bool deaf;         /* the server's side takes nothing more */
  bool greeted;      /* the client's first byte is seen */
  bool plain;        /* it spoke plain HTTP, and was told where https is */
  bool gone;
  uint64_t accepted_ns, deadline_ns; /* deadline: of the handshake, then of the end */
  uint64_t phase_ns, progress_ns;    /* since: handshake or closed; when the client last took something */
  struct sockaddr_storage client;
  socklen_t client_size;
  struct oriel_address_key key;
  struct direction up, down; /* to the server's side; to the client */
};

/** With what it carried in clear, a log-in maybe. */
static void release(struct oriel_relay *relay) {
  explicit_bzero(&relay->up, sizeof relay->up);
  explicit_bzero(&relay->down, sizeof relay->down);
  free(relay);
}

static void on_poll_closed(uv_handle_t *handle) {
  struct oriel_relay *relay = handle->data;
  struct oriel_loop *loop = relay->relays->loop;
  if (--relay->open_polls == 0)
    release(relay);
  oriel_loop_closed(loop);
}

void oriel_relay_end(struct oriel_relay *relay) {
  struct oriel_relays *relays = relay->relays;
  if (relay->gone)
    return;
  relay->gone = true;
  if (relay->connection)
    relay->connection->carrier = NULL;
  if (relay->previous)
    relay->previous->next = relay->next;
  else
    relays->first = relay->next;
  if (relay->next)
    relay->next->previous = relay->previous;
  relays->count--;
  uv_close((uv_handle_t *)&relay->outer_poll, on_poll_closed);
  if (relay->inner >= 0) {
    uv_close((uv_handle_t *)&relay->inner_poll, on_poll_closed);
    close(relay->inner);
  }
  SSL_free(relay->ssl);
  relay->ssl = NULL;
  close(relay->outer);
}

/* ---- moving bytes ---- */

/** What SSL waits for after a call that gave nothing; false when the session is over. */
static bool ssl_waits(struct oriel_relay *relay, int result, int *events) {
  switch (SSL_get_error(relay->ssl, result)) {
  case SSL_ERROR_WANT_READ:
    *events |= UV_READABLE;
    return true;
  case SSL_ERROR_WANT_WRITE:
    *events |= UV_WRITABLE;
    return true;
  default:
    ERR_clear_error();
    return false;
  }
}

/** Client to server's side. True when something moved. */
static bool pump_up(struct oriel_relay *relay, int *outer, int *inner) {
  struct direction *up = &relay->up;
  bool moved = false;
  if (up->size == 0 && !up->ended) {
    int count = SSL_read(relay->ssl, up->data, sizeof up->data);
    if (count > 0) {
      up->start = 0;
      up->size = (size_t)count;
      moved = true;
    } else if (!ssl_waits(relay, count, outer)) {
      up->ended = true;
    }
  }
  if (relay->deaf)
    up->size = 0;
  if (up->size) {
    ssize_t count = send(relay->inner, up->data + up->start, up->size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      up->start += (size_t)count;
      up->size -= (size_t)count;
      moved = true;
    } else if (errno == EAGAIN) {
      *inner |= UV_WRITABLE;
    } else if (errno != EINTR) {
      relay->deaf = true;
    }
  }
  if (up->ended && up->size == 0 && !relay->passed) {
    relay->passed = true;
    (void)shutdown(relay->inner, SHUT_WR);
  }
  return moved;
}

/** Server's side to client. */
static bool pump_down(struct oriel_relay *relay, int *outer, int *inner) {
  struct direction *down = &relay->down;
  bool moved = false;
  if (down->size == 0 && !down->ended) {
    ssize_t count = recv(relay->inner, down->data, sizeof down->data, MSG_DONTWAIT);
    if (count > 0) {
      down->start = 0;
      down->size = (size_t)count;
      relay->progress_ns = oriel_clock_ns();
      moved = true;
    } else if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      *inner |= UV_READABLE;
    } else {
      down->ended = true;
    }
  }
  if (down->size) {
    int count = SSL_write(relay->ssl, down->data + down->start, (int)down->size);
    if (count > 0) {
      down->start += (size_t)count;
      down->size -= (size_t)count;
      relay->progress_ns = oriel_clock_ns();
      moved = true;
    } else if (!ssl_waits(relay, count, outer)) { /* nobody takes the rest */
      down->size = 0;
      down->ended = relay->up.ended = true;
    }
  }
  if (down->ended && down->size == 0 && !relay->shut) {
    relay->shut = true;
    (void)SSL_shutdown(relay->ssl);
    ERR_clear_error();
    (void)shutdown(relay->outer, SHUT_WR);
    relay->deadline_ns = oriel_clock_ns() + LINGER_LIMIT_S * ORIEL_NS_PER_SECOND;
  }
  return moved;
}

static void on_outer(uv_poll_t *poll, int status, int events);
static void on_inner(uv_poll_t *poll, int status, int events);

static void watch(uv_poll_t *poll, int events, uv_poll_cb callback) {
  if (events)
    (void)uv_poll_start(poll, events, callback);
  else
    (void)uv_poll_stop(poll);
}

static void pump(struct oriel_relay *relay) {
  int outer = 0, inner = 0, turns = 0;
  bool moved = true;
  for (; moved && turns < PUMP_TURNS; turns++) {
    outer = inner = 0;
    moved = pump_up(relay, &outer, &inner);
    moved = pump_down(relay, &outer, &inner) || moved;
  }
  if (relay->shut && relay->up.ended) {
    oriel_relay_end(relay);
    return;
  }
  if (moved) /* more may wait inside OpenSSL, which no descriptor announces: be called again at once */
    outer |= UV_WRITABLE;
  watch(&relay->outer_poll, outer, on_outer);
  watch(&relay->inner_poll, inner, on_inner);
}

static void on_inner(uv_poll_t *poll, int status, int events) {
  struct oriel_relay *relay = poll->data;
  (void)status;
  (void)events;
  if (!relay->gone)
    pump(relay);
}

/* ---- from accept to libmicrohttpd ---- */

static void on_opened(void *user, struct oriel_connection *connection, struct sockaddr_storage *local,
                      uint64_t *accepted_ns) {
  struct oriel_relay *relay = user;
  socklen_t size = sizeof *local;
  relay->connection = connection;
  (void)getsockname(relay->outer, (struct sockaddr *)local, &size);
  *accepted_ns = relay->accepted_ns;
}

/** What is still on its way to the client has seconds. */
static void on_inner_closed(void *user) {
  struct oriel_relay *relay = user;
  relay->connection = NULL;
  relay->phase_ns = oriel_clock_ns();
  if (!relay->shut)
    relay->deadline_ns = relay->phase_ns + CLOSED_LIMIT_S * ORIEL_NS_PER_SECOND;
}

static int wire_of(void *user, size_t *queued) {
  const struct oriel_relay *relay = user;
  int count = 0;
  if (relay->inner < 0 || ioctl(relay->inner, FIONREAD, &count) < 0)
    count = 0;
  *queued = relay->down.size + (size_t)count;
  return relay->outer;
}

static const struct oriel_carrier_impl carrier_impl = {
  .opened = on_opened, .closed = on_inner_closed, .wire = wire_of,
};

/** Its client has gone and it has nothing more for it: it ends once libmicrohttpd has closed its side. */
static bool is_passing(const struct oriel_relay *relay) {
  return relay->up.ended && relay->down.size == 0 && (!relay->connection || relay->connection->doomed);
}

struct oriel_relay *oriel_relays_next(const struct oriel_relays *relays, const struct oriel_relay *relay,
                                      struct oriel_relay_view *view) {
  struct oriel_relay *next = relay ? relay->next : relays->first;
  while (next && (is_passing(next) || (next->connection && next->connection->phase == CONNECTION_UPGRADED)))
    next = next->next;
  if (next)
    *view = (struct oriel_relay_view){.key = &next->key, .connection = next->connection, .since_ns = next->phase_ns};
  return next;
}

/** The handshake is done: makes the pair and hands its other end over. */
static int hand_over(struct oriel_relay *relay) {
  struct oriel_relays *relays = relay->relays;
  const int buffer = PAIR_BUFFER;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
    return -errno;
  for (int i = 0; i < 2; i++)
    (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  int status = uv_poll_init(relays->loop->uv, &relay->inner_poll, pair[0]);
  if (status < 0) {
    close(pair[0]);
    close(pair[1]);
    return status;
  }
  relay->inner = pair[0];
  relay->inner_poll.data = relay;
  relay->open_polls++;
  oriel_loop_opened(relays->loop);
  relay->deadline_ns = UINT64_MAX; /* from here on the HTTP connection's limits hold */
  status = oriel_http_add(relays->http, pair[1], (struct sockaddr *)&relay->client, relay->client_size,
                          &relay->carrier);
  oriel_http_pump(relays->http);
  return status;
}

/* ---- plain HTTP ---- */

/** Reads on what a client sends that has been told off, so that no reset overtakes the answer. */
static void drain_plain(struct oriel_relay *relay) {
  uint8_t waste[4096];
  ssize_t count = recv(relay->outer, waste, sizeof waste, MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
    oriel_relay_end(relay);
}

/** Looks at the first byte; true when it is not TLS and the client was answered. */
static bool answer_plain(struct oriel_relay *relay) {
  char head[ORIEL_HINT_HEAD_MAX], answer[ORIEL_HINT_SIZE], local_text[ORIEL_ADDRESS_TEXT_MAX];
  struct sockaddr_storage local = {0};
  socklen_t local_size = sizeof local;
  if (relay->greeted)
    return relay->plain;
  ssize_t size = recv(relay->outer, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  if (size <= 0)
    return false; /* SSL finds out what that means */
  relay->greeted = true;
  relay->plain = oriel_hint_is_plain((unsigned char)head[0]);
  if (!relay->plain)
    return false;
  (void)getsockname(relay->outer, (struct sockaddr *)&local, &local_size);
  oriel_address_text((struct sockaddr *)&local, local_text);
  size_t answer_size = oriel_hint_write(head, (size_t)size, relay->relays->origins, local_text, answer);
  (void)send(relay->outer, answer, answer_size, MSG_NOSIGNAL | MSG_DONTWAIT); /* an empty queue holds it whole */
  (void)shutdown(relay->outer, SHUT_WR);
  relay->deadline_ns = oriel_clock_ns() + LINGER_LIMIT_S * ORIEL_NS_PER_SECOND;
  return true;
}

static void shake(struct oriel_relay *relay) {
  struct oriel_budget *budget = &relay->relays->budget;
  int events = 0;
  if (answer_plain(relay)) {
    drain_plain(relay);
    return;
  }
  if (!oriel_budget_left(budget)) /* its descriptor stays ready: it goes on in the loop's next turn */
    return;
  uint64_t start_ns = oriel_clock_ns();
  int result = SSL_do_handshake(relay->ssl);
  oriel_budget_spend(budget, start_ns, oriel_clock_ns());
  if (result == 1) {
    if (hand_over(relay) == 0)
      pump(relay);
    else
      oriel_relay_end(relay);
  } else if (ssl_waits(relay, result, &events)) {
    watch(&relay->outer_poll, events, on_outer);
  } else {
    oriel_relay_end(relay);
  }
}

static void on_outer(uv_poll_t *poll, int status, int events) {
  struct oriel_relay *relay = poll->data;
  (void)events;
  if (relay->gone)
    return;
  if (relay->inner < 0)
    shake(relay);
  else if (status < 0)
    oriel_relay_end(relay);
  else
    pump(relay);
}

int oriel_relay_open(struct oriel_relays *relays, int fd, const struct sockaddr_storage *client, socklen_t size) {
  const int one = 1, unsent = UNSENT_MAX;
  struct oriel_relay *relay = malloc(sizeof *relay); /* not calloc: the buffers need no clearing */
  if (!relay)
    return -ENOMEM;
  memset(relay, 0, offsetof(struct oriel_relay, up));
  relay->up.start = relay->up.size = relay->down.start = relay->down.size = 0;
  relay->up.ended = relay->down.ended = false;
  relay->relays = relays;
  relay->carrier = (struct oriel_carrier){.impl = &carrier_impl, .user = relay};
  relay->outer = fd;
  relay->inner = -1;
  relay->client = *client;
  relay->client_size = size;
  relay->accepted_ns = oriel_clock_ns();
  relay->phase_ns = relay->accepted_ns;
  relay->deadline_ns = relay->accepted_ns + HANDSHAKE_LIMIT_S * ORIEL_NS_PER_SECOND;
  oriel_address_key((const struct sockaddr *)client, &relay->key);
  relay->ssl = oriel_tls_session(relays->context, fd);
  int status = relay->ssl ? uv_poll_init(relays->loop->uv, &relay->outer_poll, fd) : -ENOMEM;
  if (status < 0) {
    SSL_free(relay->ssl);
    free(relay);
    return status;
  }
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  relay->outer_poll.data = relay;
  relay->open_polls = 1;
  oriel_loop_opened(relays->loop);
  relay->next = relays->first;
  if (relay->next)
    relay->next->previous = relay;
  relays->first = relay;
  relays->count++;
  oriel_loop_watch(relays->loop);
  watch(&relay->outer_poll, UV_READABLE, on_outer);
  return 0;
}

/* ---- all of them ---- */

int oriel_relays_init(struct oriel_relays *relays, const char *certificate, const char *key, char *why,
                      size_t why_size) {
  relays->budget.limit_ns = HANDSHAKE_BUDGET_NS;
  return oriel_tls_context(certificate, key, &relays->context, why, why_size);
}

void oriel_relays_finish(struct oriel_relays *relays) {
  SSL_CTX_free(relays->context);
  relays->context = NULL;
}

void oriel_relays_turn(struct oriel_relays *relays) {
  oriel_budget_renew(&relays->budget);
}

void oriel_relays_quiesce(struct oriel_relays *relays) {
  for (struct oriel_relay *relay = relays->first, *next; relay; relay = next) {
    next = relay->next;
    if (relay->inner < 0)
      oriel_relay_end(relay);
  }
}

static bool is_stalled(const struct oriel_relay *relay, uint64_t now_ns) {
  return relay->down.size && now_ns - relay->progress_ns > STALL_LIMIT_S * ORIEL_NS_PER_SECOND;
}

void oriel_relays_tick(struct oriel_relays *relays, uint64_t now_ns) {
  for (struct oriel_relay *relay = relays->first, *next; relay; relay = next) {
    next = relay->next;
    if (now_ns < relay->deadline_ns && !is_stalled(relay, now_ns))
      continue;
    if (!relay->shut && !relay->plain) /* those have everything */
      relays->stats->deadlines++;
    oriel_relay_end(relay);
  }
}

void oriel_relays_end(struct oriel_relays *relays) {
  while (relays->first)
    oriel_relay_end(relays->first);
}
