/* SPDX-License-Identifier: MIT
 *
 * The route table. Loop thread.
 */
#include "server/route.h"

#include <string.h>

#include "server/mount.h"

#define GET .method = ORIEL_METHOD_GET
#define POST .method = ORIEL_METHOD_POST, .acts = true
#define DELETE .method = ORIEL_METHOD_DELETE, .acts = true

static const struct oriel_route routes[] = {
  {GET, .path = "/healthz", .any_host = true, /* probes of proxies have no Host, or their own */
    .scope = ORIEL_SCOPE_SERVER, .handle = oriel_handle_health},
  {POST, .path = "/session", .scope = ORIEL_SCOPE_EITHER, .handle = oriel_handle_login},
  {DELETE, .path = "/session", .scope = ORIEL_SCOPE_EITHER, .handle = oriel_handle_logout},
  {GET, .path = "/ws", .upgrades = true, .acts = true, .handle = oriel_handle_websocket},
  {GET, .path = "/snapshot.png", .api = "/snapshot.png", .handle = oriel_handle_snapshot},
  {GET, .path = "/thumbnail.png", .api = "/thumbnail.png", .handle = oriel_handle_thumbnail},
  {GET, .path = "/api/v1/desktop", .api = "", .handle = oriel_handle_desktop},
  {GET, .path = "/api/v1/share", .api = "/share", .handle = oriel_handle_share},
  {GET, .path = "/api/v1/stats", .api = "/stats", .handle = oriel_handle_stats},
  {POST, .path = "/api/v1/desktop/pause", .api = "/pause", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/resume", .api = "/resume", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/reset", .api = "/reset", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/powerdown", .api = "/powerdown", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/start", .api = "/start", .handle = oriel_handle_start},
  {GET, .path = "/api/v1/desktops", .scope = ORIEL_SCOPE_SERVER, .handle = oriel_handle_desktops},
  {POST, .path = "/api/v1/desktops", .scope = ORIEL_SCOPE_SERVER, .handle = oriel_handle_add},
  {DELETE, .path = "/api/v1/desktop", .scope = ORIEL_SCOPE_NAMED, .api = "", .handle = oriel_handle_remove},
  {GET, .path = "/metrics", .scope = ORIEL_SCOPE_EITHER, .about_all = true, .api = "/metrics",
    .handle = oriel_handle_metrics},
};

static const struct oriel_route asset_route = {
  GET, .path = "", .scope = ORIEL_SCOPE_EITHER, .handle = oriel_handle_asset};

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

static void take_row(struct oriel_target *target, const struct oriel_route *route, unsigned method) {
  const unsigned known = known_by(route);
  target->methods |= known;
  if (known & method)
    target->route = route;
}

/** Whether the row is about what the path begins with: a name, or none. */
static bool fits(const struct oriel_route *route, const struct oriel_target *target) {
  return route->scope != ORIEL_SCOPE_NAMED && !(target->named && route->scope == ORIEL_SCOPE_SERVER);
}

static const struct oriel_asset *find_asset(const struct oriel_server *server, const char *path) {
  for (size_t i = 0; i < server->asset_count; i++) {
    if (strcmp(server->assets[i].path, path) == 0)
      return &server->assets[i];
  }
  return NULL;
}

/** Behind /d/NAME, or from / on. The table first: an asset can never stand in for a row that asks for a credential. */
static void find_row(const struct oriel_server *server, const char *path, unsigned method,
                     struct oriel_target *target) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (strcmp(routes[i].path, path) == 0 && fits(&routes[i], target)) {
      take_row(target, &routes[i], method);
      target->lacks_name = routes[i].scope == ORIEL_SCOPE_DESKTOP && !target->mount && server->mount_count > 1;
    }
  }
  if (target->methods)
    return;
  const bool lists = !target->named && server->mount_count != 1 && strcmp(path, "/") == 0;
  const struct oriel_asset *list = lists ? find_asset(server, ORIEL_LIST_PATH) : NULL;
  target->asset = list ? list : find_asset(server, path);
  if (target->asset)
    take_row(target, &asset_route, method);
}

/** Behind /api/v1/desktops/NAME. */
static void find_api_row(const char *path, unsigned method, struct oriel_target *target) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (routes[i].api && strcmp(routes[i].api, path) == 0)
      take_row(target, &routes[i], method);
  }
}

/** What follows `prefix` and a name in a path; NULL where it does not begin so. Finds the desktop of that name. */
static const char *take_name(const struct oriel_server *server, const char *path, const char *prefix,
                             struct oriel_target *target) {
  const size_t length = strlen(prefix);
  if (strncmp(path, prefix, length) != 0 || path[length] == '\0')
    return NULL;
  const char *name = path + length;
  const size_t size = strcspn(name, "/");
  target->mount = oriel_mount_find(server, name, size);
  target->named = true;
  return name + size;
}

void oriel_route_find(const struct oriel_server *server, const char *path, unsigned method,
                      struct oriel_target *target) {
  *target = (struct oriel_target){0};
  const char *rest = take_name(server, path, "/d/", target);
  if (rest) {
    target->lacks_slash = *rest == '\0';
    find_row(server, rest, method, target);
    return;
  }
  rest = take_name(server, path, "/api/v1/desktops/", target);
  if (rest) {
    find_api_row(rest, method, target);
    return;
  }
  target->mount = oriel_mount_only(server);
  find_row(server, path, method, target);
}
