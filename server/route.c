/* SPDX-License-Identifier: MIT
 *
 * Looking a path up. Loop thread.
 */
#include "server/route.h"

#include <string.h>

static unsigned known_by(const struct oriel_route *route) {
  return route->method | (route->method == ORIEL_METHOD_GET && !route->upgrades ? ORIEL_METHOD_HEAD : 0u);
}

static void take_row(struct oriel_target *target, const struct oriel_route *route, unsigned method) {
  const unsigned known = known_by(route);
  target->methods |= known;
  if (known & method)
    target->route = route;
}

static bool matches(const struct oriel_route *route, const char *path) {
  const size_t size = strlen(route->path);
  if (!route->below)
    return strcmp(route->path, path) == 0;
  return strncmp(route->path, path, size) == 0 && path[size] != '\0';
}

/** Whether the row is about what the path begins with: a name, or none. */
static bool fits(const struct oriel_route *route, const struct oriel_target *target) {
  return route->scope != ORIEL_SCOPE_NAMED && !(target->named && route->scope == ORIEL_SCOPE_SERVER);
}

/** Where one looks. */
struct search {
  const struct oriel_routes *routes;
  const struct oriel_site *site;
  const struct oriel_mounts *mounts;
  unsigned method;
};

/** Behind /d/NAME, or from / on. The table first: an asset can never stand in for a row that asks for a credential. */
static void find_row(const struct search *search, const char *path, struct oriel_target *target) {
  const struct oriel_route *rows = search->routes->rows;
  const unsigned mounted = search->mounts->count;
  for (size_t i = 0; i < search->routes->count; i++) {
    if (matches(&rows[i], path) && fits(&rows[i], target)) {
      take_row(target, &rows[i], search->method);
      target->lacks_name = rows[i].scope == ORIEL_SCOPE_DESKTOP && !target->mount && mounted > 1;
    }
  }
  if (target->methods)
    return;
  const bool lists = !target->named && mounted != 1 && strcmp(path, "/") == 0;
  const struct oriel_asset *list = lists ? oriel_site_asset(search->site, ORIEL_LIST_PATH) : NULL;
  target->asset = list ? list : oriel_site_asset(search->site, path);
  if (target->asset)
    take_row(target, search->routes->asset, search->method);
}

/** Behind /api/v1/desktops/NAME. */
static void find_api_row(const struct search *search, const char *path, struct oriel_target *target) {
  const struct oriel_route *rows = search->routes->rows;
  for (size_t i = 0; i < search->routes->count; i++) {
    if (rows[i].api && strcmp(rows[i].api, path) == 0)
      take_row(target, &rows[i], search->method);
  }
}

/** What follows `prefix` and a name in a path; NULL where it does not begin so. Finds the desktop of that name. */
static const char *take_name(const struct search *search, const char *path, const char *prefix,
                             struct oriel_target *target) {
  const size_t length = strlen(prefix);
  if (strncmp(path, prefix, length) != 0 || path[length] == '\0')
    return NULL;
  const char *name = path + length;
  const size_t size = strcspn(name, "/");
  target->mount = oriel_mount_find(search->mounts, name, size);
  target->named = true;
  return name + size;
}

void oriel_route_find(const struct oriel_routes *routes, const struct oriel_site *site,
                      const struct oriel_mounts *mounts, const char *path, unsigned method,
                      struct oriel_target *target) {
  const struct search search = {.routes = routes, .site = site, .mounts = mounts, .method = method};
  *target = (struct oriel_target){0};
  const char *rest = take_name(&search, path, "/d/", target);
  if (rest) {
    target->lacks_slash = *rest == '\0';
    find_row(&search, rest, target);
    return;
  }
  rest = take_name(&search, path, "/api/v1/desktops/", target);
  if (rest) {
    find_api_row(&search, rest, target);
    return;
  }
  target->mount = oriel_mount_only(mounts);
  find_row(&search, path, target);
}
