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
#include "core/shortage.h"
#include "server/address.h"
#include "server/admission.h"
#include "server/mount_ready.h"
#include "server/peers.h"
#include "server/process.h"
#include "server/requests.h"
#include "server/routes.h"
#include "server/state.h"
#include "server/whep.h"

/** Frees what create made, once no handle is open. */
static void release(struct oriel_server *server) {
  oriel_access_finish(&server->access);
  oriel_site_finish(&server->site);
  oriel_relays_finish(&server->relays);
  oriel_whep_finish(&server->mounts);
  oriel_mounts_finish(&server->mounts);
  free(server);
}

/* ---- what the parts are told of each other ---- */

static void on_flush(struct oriel_mount *mount) {
  struct oriel_desktop *desktop = mount->desktop;
  if (desktop)
    oriel_desktop_gather(desktop, true);
  oriel_peers_flush(mount);
  oriel_whep_flush(mount);
  if (desktop)
    oriel_desktop_gather(desktop, false);
}

static void on_bye(struct oriel_mount *mount, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns) {
  oriel_peers_bye(mount, reason, text, limit_ns);
  oriel_whep_bye(mount);
}

static const struct oriel_mount_viewers viewers = {.flush = on_flush, .bye = on_bye};

static bool on_admits(void *user, const struct sockaddr *client) {
  struct oriel_server *server = user;
  const struct oriel_admission admission = {
    .connections = &server->http.connections,
    .relays = server->site.tls ? &server->relays : NULL,
    .proxies = &server->site.proxies,
  };
  return oriel_admission_admits(&admission, client);
}

static void on_serve(void *user, int fd, const struct sockaddr_storage *client, socklen_t size) {
  struct oriel_server *server = user;
  /* Either closes what it refuses. */
  if (server->site.tls)
    (void)oriel_relay_open(&server->relays, fd, client, size);
  else
    (void)oriel_http_add(&server->http, fd, (const struct sockaddr *)client, size, NULL);
}

static void on_accepted(void *user) {
  struct oriel_server *server = user;
  if (!server->site.tls)
    oriel_http_pump(&server->http);
}

static const struct oriel_listener_ops listener_ops = {.admits = on_admits, .serve = on_serve, .done = on_accepted};

/* ---- the loop ---- */

/** Those that were opened. */
static void close_handles(struct oriel_server *server) {
  oriel_http_close(&server->http);
  oriel_listener_close(&server->listener);
  oriel_ready_close(&server->mounts);
  oriel_whep_stop(&server->mounts);
  oriel_loop_close(&server->loop);
}

/** The last step of closing: nobody is left, or their time is up. */
static bool try_stop(struct oriel_server *server, uint64_t now_ns) {
  const bool wait = now_ns < server->close_by_ns;
  if (server->mounts.peer_count || server->mounts.workers ||
      (wait && (server->http.connections.count || server->relays.count)))
    return false;
  oriel_http_stop(&server->http);
  oriel_relays_end(&server->relays);
  close_handles(server);
  return true;
}

static void on_tick(void *user, uint64_t now_ns) {
  struct oriel_server *server = user;
  oriel_peers_tick(&server->mounts, now_ns);
  oriel_connections_tick(&server->http.connections, now_ns);
  oriel_relays_tick(&server->relays, now_ns);
  oriel_listener_tick(&server->listener);
  oriel_mounts_tick(&server->mounts, now_ns);
  if (server->closing && try_stop(server, now_ns))
    return;
  if (!server->closing && server->http.connections.count == 0 && server->mounts.peer_count == 0 &&
      server->relays.count == 0 && !server->listener.paused)
    oriel_loop_rest(&server->loop);
}

static void on_turn(void *user) {
  struct oriel_server *server = user;
  oriel_relays_turn(&server->relays);
  oriel_http_turn(&server->http);
}

static void on_handle_closed(void *user) {
  struct oriel_server *server = user;
  if (!server->closing || server->loop.open || server->mounts.workers)
    return;
  /* The owner may destroy its desktops only now, whose threads may call wake until then: so free last. */
  if (server->closed)
    server->closed(server->closed_user);
  release(server);
}

static const struct oriel_loop_events loop_events = {.tick = on_tick, .turn = on_turn, .closed = on_handle_closed};

/* ---- making one ---- */

static int check_config(const struct oriel_server_config *config, char *why, size_t why_size) {
  const int status = oriel_access_check(config, why, why_size);
  return status < 0 ? status : oriel_site_check(config, why, why_size);
}

static int report_short(const struct oriel_server_config *config, int status, char *why, size_t why_size) {
  snprintf(why, why_size, "cannot serve on %.80s: %s; %s", config->listen, strerror(-status),
           oriel_shortage_advice(-status));
  return status;
}

/** What has no handle yet. `why` is set, or memory is short. */
static int init_parts(struct oriel_server *server, const struct oriel_server_config *config, char *why,
                      size_t why_size) {
  int status = oriel_site_init(&server->site, config);
  if (status == 0)
    status = oriel_access_init(&server->access, config, &server->stats);
  if (status < 0)
    return report_short(config, status, why, why_size);
  server->relays.loop = &server->loop;
  server->relays.http = &server->http;
  server->relays.origins = &server->site.origins;
  server->relays.stats = &server->stats;
  return server->site.tls ? oriel_relays_init(&server->relays, config->tls_cert, config->tls_key, why, why_size) : 0;
}

/** What has handles: HTTP before the listener, which feeds it. 0, or -errno with a sentence in `why`: the handles are
 *  to be closed. */
static int start(struct oriel_server *server, const struct oriel_server_config *config, int listener, char *why,
                 size_t why_size) {
  int status = oriel_ready_open(&server->mounts);
  if (status == 0)
    status = oriel_requests_start(server);
  if (status < 0)
    return report_short(config, status, why, why_size);
  status = oriel_whep_start(&server->mounts, &server->site, &config->webrtc, why, why_size);
  if (status == 0) {
    status = oriel_listener_start(&server->listener, &server->loop, listener, &listener_ops, server);
    if (status < 0)
      (void)report_short(config, status, why, why_size);
  }
  if (status < 0)
    oriel_http_stop(&server->http);
  return status;
}

static int bind_to(struct oriel_server *server, const struct oriel_server_config *config, int *listener, char *why,
                   size_t why_size) {
  if (config->listener)
    return oriel_address_adopt(config->listener, listener, &server->site.bound, why, why_size);
  return oriel_address_listen(config->listen, listener, &server->site.bound, why, why_size);
}

int oriel_server_create(uv_loop_t *loop, const struct oriel_server_config *config, struct oriel_server **out,
                        char *why, size_t why_size) {
  int status = check_config(config, why, why_size), listener = -1;
  if (status < 0)
    return status;
  struct oriel_server *server = calloc(1, sizeof *server);
  if (!server)
    return report_short(config, -ENOMEM, why, why_size);
  server->listener.fd = -1;
  server->routes = &oriel_routes;
  server->registry = config->registry;
  server->started_us = oriel_process_started_us();
  oriel_mounts_init(&server->mounts, &server->loop, &server->access, &server->stats, &viewers);
  status = bind_to(server, config, &listener, why, why_size);
  if (status == 0)
    status = init_parts(server, config, why, why_size);
  if (status < 0) {
    if (listener >= 0)
      close(listener);
    release(server);
    return status;
  }
  oriel_loop_init(&server->loop, loop, &loop_events, server);
  status = start(server, config, listener, why, why_size);
  if (status < 0) {
    close(listener);
    server->closing = true; /* freed when the loop has closed the handles */
    close_handles(server);
    return status;
  }
  why[0] = '\0';
  *out = server;
  return 0;
}

/* ---- what callers ask ---- */

int oriel_server_mount(struct oriel_server *server, const struct oriel_mount_config *config, struct oriel_mount **mount,
                       char *why, size_t why_size) {
  return oriel_mounts_add(&server->mounts, config, mount, why, why_size);
}

int oriel_server_check_tokens(const struct oriel_server *server, const struct oriel_mount_config *config, char *why,
                              size_t why_size) {
  return oriel_mounts_check_tokens(&server->mounts, config, why, why_size);
}

void oriel_server_stats(struct oriel_server *server, struct oriel_server_stats *stats) {
  oriel_server_count(server, stats);
}

uint16_t oriel_server_port(const struct oriel_server *server) {
  return oriel_site_port(&server->site);
}

void oriel_server_close(struct oriel_server *server, void (*done)(void *user), void *user) {
  if (server->closing)
    return;
  server->closing = true;
  server->closed = done;
  server->closed_user = user;
  server->close_by_ns = oriel_clock_ns() + ORIEL_CLOSE_LIMIT_NS;
  oriel_listener_stop(&server->listener);
  oriel_relays_quiesce(&server->relays);
  oriel_connections_quiesce(&server->http.connections);
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(&server->mounts, mount)) != NULL;)
    oriel_mount_set_desktop(mount, NULL);
  oriel_peers_bye_all(&server->mounts, ORIEL_VIEWER_REASON_GOING_AWAY, "the server stops", ORIEL_CLOSE_LIMIT_NS);
  oriel_loop_tick_fast(&server->loop);
}
