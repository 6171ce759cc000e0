/* SPDX-License-Identifier: MIT
 *
 * TLS relays. Loop thread; no call here blocks.
 *
 * Every phase has its limit: the handshake 5 s; the requests those of the HTTP connection; 15 s in which the client
 * takes nothing of what is for it; 5 s for the rest once the connection inside is closed; 3 s for the client to close
 * when it has everything. A viewer has left its relay, and has its own.
 */
#include "server/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "server/hint.h"
#include "server/link_tls.h"
#include "server/pump.h"
#include "server/tls.h"

#define HANDSHAKE_BUDGET_NS ORIEL_NS_PER_MS /* of a turn; one of RSA takes that long by itself */

enum {
  PAIR_BUFFER = 32 * 1024, /* of the socket pair, each way */
  UNSENT_MAX = 16 * 1024,  /* see peer.c */
  HANDSHAKE_LIMIT_S = 5,
  STALL_LIMIT_S = 15,
  CLOSED_LIMIT_S = 5,
  LINGER_LIMIT_S = 3,
};

struct oriel_relay {
  struct oriel_relay *next, *previous;
  struct oriel_relays *relays;
  struct oriel_carrier carrier;
  struct oriel_connection *connection; /* from the handshake to its close */
  struct oriel_link *outer;            /* to the client, owned; NULL once it is given away */
  int inner;                           /* our end of the pair, -1 during the handshake */
  uv_poll_t outer_poll, inner_poll;
  unsigned open_polls;
  bool greeted; /* the client's first byte is seen */
  bool plain;   /* it spoke plain HTTP, and was told where https is */
  bool gone;
  uint64_t accepted_ns, deadline_ns; /* deadline: of the handshake, then of the end */
  uint64_t phase_ns;                 /* since: handshake or closed */
  struct sockaddr_storage client;
  socklen_t client_size;
  struct oriel_address_key key;
  struct oriel_pump pump; /* between both, from the handshake on */
};

static void on_poll_closed(uv_handle_t *handle) {
  struct oriel_relay *relay = handle->data;
  struct oriel_loop *loop = relay->relays->loop;
  if (--relay->open_polls == 0) {
    oriel_pump_finish(&relay->pump);
    free(relay);
  }
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
  if (relay->outer)
    oriel_link_close(relay->outer);
  relay->outer = NULL;
}

/* ---- moving bytes ---- */

static void on_event(uv_poll_t *poll, int status, int events);

static void watch(uv_poll_t *poll, int events) {
  if (events)
    (void)uv_poll_start(poll, events, on_event);
  else
    (void)uv_poll_stop(poll);
}

static void move(struct oriel_relay *relay) {
  int outer, inner;
  const bool shut = relay->pump.shut;
  const bool more = oriel_pump_run(&relay->pump, &outer, &inner);
  if (relay->pump.shut && !shut)
    relay->deadline_ns = oriel_clock_ns() + LINGER_LIMIT_S * ORIEL_NS_PER_SECOND;
  if (oriel_pump_over(&relay->pump)) {
    oriel_relay_end(relay);
    return;
  }
  watch(&relay->outer_poll, outer | (more ? UV_WRITABLE : 0)); /* which comes at once */
  watch(&relay->inner_poll, inner);
}

/* ---- beside the HTTP connection ---- */

static void on_opened(void *user, struct oriel_connection *connection, struct sockaddr_storage *local,
                      uint64_t *accepted_ns) {
  struct oriel_relay *relay = user;
  socklen_t size = sizeof *local;
  relay->connection = connection;
  (void)getsockname(relay->outer->fd, (struct sockaddr *)local, &size);
  *accepted_ns = relay->accepted_ns;
}

/** What is still on its way to the client has seconds. */
static void on_inner_closed(void *user) {
  struct oriel_relay *relay = user;
  relay->connection = NULL;
  relay->phase_ns = oriel_clock_ns();
  if (relay->deadline_ns == UINT64_MAX) /* it has none yet */
    relay->deadline_ns = relay->phase_ns + CLOSED_LIMIT_S * ORIEL_NS_PER_SECOND;
}

/** What libmicrohttpd has not read: at most what the pair holds. */
static int return_unread(struct oriel_link *link, int inside) {
  int left = 0;
  if (ioctl(inside, FIONREAD, &left) < 0 || left <= 0)
    return 0;
  uint8_t *data = malloc((size_t)left);
  if (!data)
    return -ENOMEM;
  const ssize_t count = recv(inside, data, (size_t)left, MSG_DONTWAIT);
  const int status = count > 0 ? oriel_link_tls_return(link, data, (size_t)count) : 0;
  explicit_bzero(data, (size_t)left);
  free(data);
  return status;
}

static int on_give(void *user, int inside, struct oriel_link **link) {
  struct oriel_relay *relay = user;
  const struct oriel_pump_flow *up = &relay->pump.up;
  int status = oriel_pump_drain(&relay->pump);
  if (status == 0)
    status = return_unread(relay->outer, inside);
  if (status == 0)
    status = oriel_link_tls_return(relay->outer, up->data + up->start, up->size);
  if (status < 0)
    return status;
  *link = relay->outer;
  relay->outer = NULL;
  oriel_relay_end(relay);
  return 0;
}

static const struct oriel_carrier_impl carrier_impl = {
  .opened = on_opened, .closed = on_inner_closed, .give = on_give,
};

/** Its client has gone and it has nothing more for it: it ends once libmicrohttpd has closed its side. */
static bool is_passing(const struct oriel_relay *relay) {
  return relay->pump.up.ended && relay->pump.down.size == 0 && (!relay->connection || relay->connection->doomed);
}

struct oriel_relay *oriel_relays_next(const struct oriel_relays *relays, const struct oriel_relay *relay,
                                      struct oriel_relay_view *view) {
  struct oriel_relay *next = relay ? relay->next : relays->first;
  while (next && is_passing(next))
    next = next->next;
  if (next)
    *view = (struct oriel_relay_view){.key = &next->key, .connection = next->connection, .since_ns = next->phase_ns};
  return next;
}

/* ---- from accept to libmicrohttpd ---- */

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
  relay->inner = relay->pump.socket = pair[0];
  relay->pump.link = relay->outer;
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
  ssize_t count = recv(relay->outer->fd, waste, sizeof waste, MSG_DONTWAIT);
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
  ssize_t size = recv(relay->outer->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  if (size <= 0)
    return false; /* SSL finds out what that means */
  relay->greeted = true;
  relay->plain = oriel_hint_is_plain((unsigned char)head[0]);
  if (!relay->plain)
    return false;
  (void)getsockname(relay->outer->fd, (struct sockaddr *)&local, &local_size);
  oriel_address_text((struct sockaddr *)&local, local_text);
  size_t answer_size = oriel_hint_write(head, (size_t)size, relay->relays->origins, local_text, answer);
  (void)send(relay->outer->fd, answer, answer_size, MSG_NOSIGNAL | MSG_DONTWAIT); /* an empty queue holds it whole */
  (void)shutdown(relay->outer->fd, SHUT_WR);
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
  int status = oriel_link_tls_shake(relay->outer, &events);
  oriel_budget_spend(budget, start_ns, oriel_clock_ns());
  if (status == -EAGAIN)
    watch(&relay->outer_poll, events);
  else if (status == 0 && hand_over(relay) == 0)
    move(relay);
  else
    oriel_relay_end(relay);
}

static void on_event(uv_poll_t *poll, int status, int events) {
  struct oriel_relay *relay = poll->data;
  (void)events;
  if (relay->gone)
    return;
  if (relay->inner < 0)
    shake(relay);
  else if (status < 0 && poll == &relay->outer_poll)
    oriel_relay_end(relay);
  else
    move(relay);
}

/** Its link, which owns the socket, and its watcher. */
static int open_outer(struct oriel_relay *relay, int fd) {
  const int one = 1, unsent = UNSENT_MAX;
  int status = oriel_link_tls_create(relay->relays->context, fd, &relay->outer);
  if (status < 0) {
    close(fd);
    return status;
  }
  status = uv_poll_init(relay->relays->loop->uv, &relay->outer_poll, fd);
  if (status < 0) {
    oriel_link_close(relay->outer);
    return status;
  }
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  return 0;
}

static void enlist(struct oriel_relay *relay) {
  struct oriel_relays *relays = relay->relays;
  relay->outer_poll.data = relay;
  relay->open_polls = 1;
  oriel_loop_opened(relays->loop);
  relay->next = relays->first;
  if (relay->next)
    relay->next->previous = relay;
  relays->first = relay;
  relays->count++;
  oriel_loop_watch(relays->loop);
  watch(&relay->outer_poll, UV_READABLE);
}

int oriel_relay_open(struct oriel_relays *relays, int fd, const struct sockaddr_storage *client, socklen_t size) {
  struct oriel_relay *relay = malloc(sizeof *relay); /* not calloc: the pump's buffers need no clearing */
  if (!relay) {
    close(fd);
    return -ENOMEM;
  }
  memset(relay, 0, offsetof(struct oriel_relay, pump));
  oriel_pump_init(&relay->pump);
  relay->relays = relays;
  relay->carrier = (struct oriel_carrier){.impl = &carrier_impl, .user = relay};
  relay->inner = -1;
  relay->client = *client;
  relay->client_size = size;
  relay->accepted_ns = oriel_clock_ns();
  relay->phase_ns = relay->accepted_ns;
  relay->deadline_ns = relay->accepted_ns + HANDSHAKE_LIMIT_S * ORIEL_NS_PER_SECOND;
  oriel_address_key((const struct sockaddr *)client, &relay->key);
  const int status = open_outer(relay, fd);
  if (status < 0) {
    free(relay);
    return status;
  }
  enlist(relay);
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
  return relay->pump.down.size && now_ns - relay->pump.progress_ns > STALL_LIMIT_S * ORIEL_NS_PER_SECOND;
}

void oriel_relays_tick(struct oriel_relays *relays, uint64_t now_ns) {
  for (struct oriel_relay *relay = relays->first, *next; relay; relay = next) {
    next = relay->next;
    if (now_ns < relay->deadline_ns && !is_stalled(relay, now_ns))
      continue;
    if (!relay->pump.shut && !relay->plain) /* those have everything */
      relays->stats->deadlines++;
    oriel_relay_end(relay);
  }
}

void oriel_relays_end(struct oriel_relays *relays) {
  while (relays->first)
    oriel_relay_end(relays->first);
}
