/* SPDX-License-Identifier: MIT
 *
 * The route table. Loop thread.
 */
#include "server/route.h"

#include <string.h>

#define GET .method = ORIEL_METHOD_GET
#define POST .method = ORIEL_METHOD_POST, .acts = true
#define DELETE .method = ORIEL_METHOD_DELETE, .acts = true

static const struct oriel_route routes[] = {
  {GET, .path = "/healthz", .any_host = true, /* probes of proxies have no Host, or their own */
    .handle = oriel_handle_health},
  {POST, .path = "/session", .handle = oriel_handle_login},
  {DELETE, .path = "/session", .handle = oriel_handle_logout},
  {GET, .path = "/ws", .upgrades = true, .acts = true, .handle = oriel_handle_websocket},
  {GET, .path = "/snapshot.png", .handle = oriel_handle_snapshot},
  {GET, .path = "/api/v1/desktop", .handle = oriel_handle_desktop},
  {GET, .path = "/api/v1/share", .handle = oriel_handle_share},
  {GET, .path = "/api/v1/stats", .handle = oriel_handle_stats},
  {POST, .path = "/api/v1/desktop/pause", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/resume", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/reset", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/powerdown", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/start", .handle = oriel_handle_start},
  {GET, .path = "/metrics", .handle = oriel_handle_metrics},
};

static const struct oriel_route asset_route = {GET, .path = "", .handle = oriel_handle_asset};

const struct oriel_route *oriel_routes(size_t *count) {
  *count = sizeof routes / sizeof *routes;
  return routes;
}

const struct oriel_route *oriel_route_asset(void) {
  return &asset_route;
}

static unsigned known_by(const struct oriel_route *route) {
  return route->method | (route->method == ORIEL_METHOD_GET && !route->upgrades ? ORIEL_METHOD_HEAD : 0u);
}

unsigned oriel_route_find(const struct oriel_server *server, const char *path, unsigned method,
                          const struct oriel_route **route, const struct oriel_asset **asset) {
  unsigned methods = 0;
  *route = NULL;
  *asset = NULL;
  /* The table first: an asset can never stand in for a row that asks for a credential. */
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (strcmp(routes[i].path, path) != 0)
      continue;
    unsigned known = known_by(&routes[i]);
    methods |= known;
    if (known & method)
      *route = &routes[i];
  }
  for (size_t i = 0; methods == 0 && i < server->asset_count; i++) {
    if (strcmp(server->assets[i].path, path) != 0)
      continue;
    methods = known_by(&asset_route);
    *asset = &server->assets[i];
    if (methods & method)
      *route = &asset_route;
  }
  return methods;
}
