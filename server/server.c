/* SPDX-License-Identifier: MIT
 *
 * Making, running and ending the server. Loop thread.
 */
#include "server/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/shortage.h"
#include "server/address.h"
#include "server/listener.h"
#include "server/mount.h"
#include "server/peer.h"
#include "server/private.h"
#include "server/relay.h"

/** Frees what create made, once no handle is open. */
static void release(struct oriel_server *server) {
  uv_cond_destroy(&server->worker_left);
  uv_mutex_destroy(&server->worker_lock);
  oriel_lockout_finish(&server->lockout);
  oriel_sessions_finish(&server->sessions);
  oriel_origins_finish(&server->origins);
  oriel_proxies_finish(&server->proxies);
  if (server->share)
    explicit_bzero(server->share, strlen(server->share));
  free(server->share);
  oriel_relays_finish(server);
  oriel_mounts_finish(server);
  free(server);
}

static void finish_if_idle(struct oriel_server *server) {
  if (!server->closing || server->open_handles || server->workers)
    return;
  /* The owner may destroy its desktops only now, whose threads may call wake until then: so free last. */
  if (server->closed)
    server->closed(server->closed_user);
  release(server);
}

void oriel_server_handle_closed(struct oriel_server *server) {
  server->open_handles--;
  finish_if_idle(server);
}

static void on_server_handle_closed(uv_handle_t *handle) {
  oriel_server_handle_closed(handle->data);
}

static void close_handles(struct oriel_server *server) {
  uv_handle_t *handles[] = {(uv_handle_t *)&server->http_poll, (uv_handle_t *)&server->http_timer,
                            (uv_handle_t *)&server->tick, (uv_handle_t *)&server->wake,
                            (uv_handle_t *)&server->http_more, (uv_handle_t *)&server->turn,
                            (uv_handle_t *)&server->listen_poll};
  for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
    if (handles[i]->data && !uv_is_closing(handles[i]))
      uv_close(handles[i], on_server_handle_closed);
  }
}

/** The last step of closing: nobody is left, or their time is up. */
static bool try_stop(struct oriel_server *server, uint64_t now_ns) {
  bool wait = now_ns < server->close_by_ns;
  if (server->peer_count || server->workers || (wait && (server->connection_count || server->relay_count)))
    return false;
  oriel_budget_renew(&server->http_budget);
  oriel_http_pump(server); /* hands back the sockets of peers that ended in this turn */
  /* The descriptor that is watched ends with the daemon: stop watching first. */
  uv_poll_stop(&server->http_poll);
  oriel_http_stop(server);
  oriel_relays_end(server);
  close_handles(server);
  return true;
}

static void on_tick(uv_timer_t *timer) {
  struct oriel_server *server = timer->data;
  uint64_t now_ns = oriel_clock_ns();
  oriel_peers_tick(server, now_ns);
  oriel_http_tick(server, now_ns);
  oriel_relays_tick(server, now_ns);
  oriel_listener_tick(server);
  oriel_thumbnails_tick(server, now_ns);
  if (server->closing && try_stop(server, now_ns))
    return;
  if (!server->closing && server->connection_count == 0 && server->peer_count == 0 && server->relay_count == 0 &&
      !server->listener_paused)
    uv_timer_stop(timer);
}

void oriel_server_watch(struct oriel_server *server) {
  if (!server->tick.data || uv_is_closing((uv_handle_t *)&server->tick) || uv_is_active((uv_handle_t *)&server->tick))
    return;
  uv_timer_start(&server->tick, on_tick, ORIEL_TICK_MS, ORIEL_TICK_MS);
}

static void on_turn(uv_check_t *check) {
  oriel_http_turn(check->data);
}

static void on_wake(uv_async_t *async) {
  oriel_mounts_flush(async->data);
}

uint16_t oriel_server_port(const struct oriel_server *server) {
  return oriel_address_port((const struct sockaddr *)&server->bound);
}

void oriel_server_stats(struct oriel_server *server, struct oriel_server_stats *stats) {
  *stats = server->stats;
  stats->connections_now = server->connection_count;
  stats->viewers_now = server->peer_count;
  stats->sessions_now = (unsigned)oriel_sessions_count(&server->sessions, oriel_clock_ns());
}

/** NULL is fine. */
static int check_token(const char *what, const char *token, char *why, size_t why_size) {
  const size_t size = token ? strlen(token) : 1;
  if (size >= 1 && size <= ORIEL_TOKEN_MAX)
    return 0;
  snprintf(why, why_size, "cannot use the %s: it has %zu bytes; give one of 1 to %d", what, size, ORIEL_TOKEN_MAX);
  return -EINVAL;
}

static bool same(const char *one, const char *other) {
  return one && other && strcmp(one, other) == 0;
}

static int check_tokens(const struct oriel_server_config *config, char *why, size_t why_size) {
  int status = check_token("token", config->token ? config->token : "", why, why_size);
  if (status == 0)
    status = check_token("token for viewing", config->view_token, why, why_size);
  if (status == 0)
    status = check_token("admin token", config->admin_token, why, why_size);
  if (status < 0)
    return status;
  if (same(config->token, config->view_token)) {
    snprintf(why, why_size, "cannot use one token for both: who only watches needs another; change --view-token");
    return -EINVAL;
  }
  if (same(config->admin_token, config->token) || same(config->admin_token, config->view_token)) {
    snprintf(why, why_size, "cannot use one token twice: the admin token must be another one; change --admin-token");
    return -EINVAL;
  }
  return 0;
}

static int check_config(const struct oriel_server_config *config, char *why, size_t why_size) {
  const int status = check_tokens(config, why, why_size);
  if (status < 0)
    return status;
  if (!config->tls_cert != !config->tls_key) {
    snprintf(why, why_size, "cannot use TLS: it needs both a certificate and a key; give --tls-cert and --tls-key");
    return -EINVAL;
  }
  struct oriel_public address;
  if (config->public_url && oriel_public_parse(config->public_url, &address) < 0) {
    snprintf(why, why_size,
             "--public-url is \"%.80s\": it must be as https://vm.example, with a port and a path if need be",
             config->public_url);
    return -EINVAL;
  }
  return 0;
}

/** What browsers see: ourselves, or the proxy before us. */
static void set_public(struct oriel_server *server, const char *url) {
  server->public_address = (struct oriel_public){.tls = server->tls, .port = oriel_server_port(server), .path = "/"};
  if (url)
    (void)oriel_public_parse(url, &server->public_address);
  server->secure = server->tls || server->public_address.tls;
  snprintf(server->cookie, sizeof server->cookie, "oriel_session_%u", server->public_address.port);
}

/** What the pages are sent with. 0, -ENOMEM. */
static int init_policies(struct oriel_server *server) {
  int status = 0;
  for (size_t i = 0; i < server->asset_count && status == 0; i++) {
    const struct oriel_asset *asset = &server->assets[i];
    if (strcmp(asset->path, "/") == 0)
      status = oriel_policy_of(asset->data, asset->size, server->page_policy);
    else if (strcmp(asset->path, ORIEL_LIST_PATH) == 0)
      status = oriel_policy_of(asset->data, asset->size, server->list_policy);
  }
  return status;
}

/** NULL is fine: it is then not known. False when memory is short. */
static bool set_token(struct oriel_secret *secret, const char *token) {
  return !token || oriel_secret_set(secret, token, strlen(token));
}

/** 0, -ENOMEM. */
static int init_tokens(struct oriel_server *server, const struct oriel_server_config *config) {
  server->share = config->view_token ? strdup(config->view_token) : NULL;
  return set_token(&server->token, config->token) && set_token(&server->view_token, config->view_token) &&
             set_token(&server->admin_token, config->admin_token) && !server->share == !config->view_token
           ? 0
           : -ENOMEM;
}

static int init_tables(struct oriel_server *server, const struct oriel_server_config *config) {
  int status = oriel_origins_init(&server->origins, (const struct sockaddr *)&server->bound, server->tls,
                                  config->allow_hosts, config->allow_origins);
  if (status == 0 && server->public_address.host[0])
    status = oriel_origins_public(&server->origins, &server->public_address);
  if (status == 0)
    status = init_tokens(server, config);
  if (status == 0)
    status = init_policies(server);
  if (status == 0)
    status = oriel_proxies_init(&server->proxies, config->trusted_proxies);
  if (status == 0)
    status = oriel_sessions_init(&server->sessions);
  if (status == 0)
    status = oriel_lockout_init(&server->lockout, config->auth_fail_limit, config->auth_fail_window_s);
  return status;
}

/** The handles that cannot be made half: they are closed through the loop whatever comes after. */
static int init_handles(struct oriel_server *server) {
  int status = uv_async_init(server->loop, &server->wake, on_wake);
  if (status < 0)
    return status;
  (void)uv_timer_init(server->loop, &server->tick);
  (void)uv_timer_init(server->loop, &server->http_timer);
  (void)uv_idle_init(server->loop, &server->http_more);
  (void)uv_check_init(server->loop, &server->turn);
  server->wake.data = server->tick.data = server->http_timer.data = server;
  server->http_more.data = server->turn.data = server;
  server->open_handles = 5;
  (void)uv_check_start(&server->turn, on_turn);
  return 0;
}

static int say_short(const struct oriel_server_config *config, int status, char *why, size_t why_size) {
  snprintf(why, why_size, "cannot serve on %.80s: %s; %s", config->listen, strerror(-status),
           oriel_shortage_advice(-status));
  return status;
}

int oriel_server_create(uv_loop_t *loop, const struct oriel_server_config *config, struct oriel_server **out,
                        char *why, size_t why_size) {
  int status = check_config(config, why, why_size);
  if (status < 0)
    return status;
  struct oriel_server *server = calloc(1, sizeof *server);
  if (!server) {
    return say_short(config, -ENOMEM, why, why_size);
  }
  int listener = -1;
  server->loop = loop;
  server->listener = -1;
  server->tls = config->tls_cert != NULL;
  server->assets = config->assets;
  server->asset_count = config->asset_count;
  server->version = config->version ? config->version : "";
  server->keeper = config->keeper;
  oriel_bucket_init(&server->refusals, ORIEL_REFUSALS_RATE, oriel_clock_ns());
  (void)uv_mutex_init(&server->worker_lock);
  (void)uv_cond_init(&server->worker_left);

  if (config->listener)
    status = oriel_address_adopt(config->listener, &listener, &server->bound, why, why_size);
  else
    status = oriel_address_listen(config->listen, &listener, &server->bound, why, why_size);
  if (status < 0)
    goto fail;
  set_public(server, config->public_url);
  if (server->tls)
    status = oriel_relays_init(server, config->tls_cert, config->tls_key, why, why_size);
  if (status < 0)
    goto fail;
  status = init_tables(server, config);
  if (status == 0)
    status = init_handles(server);
  if (status < 0) {
    say_short(config, status, why, why_size);
    goto fail;
  }
  status = oriel_http_start(server);
  if (status < 0)
    goto fail_handles;
  status = oriel_listener_start(server, listener);
  if (status < 0) {
    (void)uv_poll_stop(&server->http_poll);
    oriel_http_stop(server);
    goto fail_handles;
  }
  why[0] = '\0';
  *out = server;
  return 0;

fail_handles:
  say_short(config, status, why, why_size);
  close(listener);
  server->closing = true; /* freed when the loop has closed the handles */
  close_handles(server);
  return status;
fail:
  if (listener >= 0)
    close(listener);
  release(server);
  return status;
}

void oriel_server_close(struct oriel_server *server, void (*done)(void *user), void *user) {
  if (server->closing)
    return;
  server->closing = true;
  server->closed = done;
  server->closed_user = user;
  server->close_by_ns = oriel_clock_ns() + ORIEL_CLOSE_LIMIT_NS;
  oriel_listener_stop(server);
  oriel_relays_quiesce(server);
  oriel_http_quiesce(server);
  oriel_mounts_detach(server);
  oriel_peers_bye_all(server, ORIEL_VIEWER_REASON_GOING_AWAY, "the server stops", ORIEL_CLOSE_LIMIT_NS);
  uv_timer_start(&server->tick, on_tick, 0, 20);
}
