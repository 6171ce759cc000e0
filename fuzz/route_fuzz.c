/* SPDX-License-Identifier: MIT
 *
 * The path of a request: where several desktops are served, and where one is. What it leads to is what it names, and
 * nothing else; whatever needs a credential stays so in every spelling.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static const struct oriel_asset assets[] = {
  {.path = "/", .etag = "\"1\""}, {.path = "/js/main.js", .etag = "\"2\""}, {.path = ORIEL_LIST_PATH, .etag = "\"3\""},
  {.path = "/ws", .etag = "\"4\""}, /* must never stand in for the row */
};

/** Whether `path` begins with `prefix` and the mount's name, and ends there or goes on with a slash. */
static bool names(const char *path, const char *prefix, const char *name) {
  const size_t length = strlen(prefix), size = strlen(name);
  return strncmp(path, prefix, length) == 0 && strncmp(path + length, name, size) == 0 &&
         (path[length + size] == '\0' || path[length + size] == '/');
}

static void try_path(const struct oriel_mounts *mounts, const char *path, unsigned method) {
  static const struct oriel_site site = {.assets = assets, .asset_count = sizeof assets / sizeof *assets};
  struct oriel_target target;
  oriel_route_find(&oriel_routes, &site, mounts, path, method, &target);
  const bool by_name = strncmp(path, "/d/", 3) == 0 || strncmp(path, "/api/v1/desktops/", 17) == 0;
  require(!target.named || by_name);
  if (target.named && target.mount)
    require(names(path, "/d/", target.mount->name) || names(path, "/api/v1/desktops/", target.mount->name));
  require(!target.route || target.methods);
  if (target.asset)
    require(!target.route || target.route == oriel_routes.asset);
  const char *end = strrchr(path, '/');
  if (target.asset && end && strcmp(end, "/ws") == 0)
    abort();
  if (target.route && target.route->scope == ORIEL_SCOPE_NAMED)
    require(target.named);
  if (target.route && target.route->scope == ORIEL_SCOPE_SERVER)
    require(!target.named);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct oriel_access access;
  static struct oriel_mounts mounts;
  static const char *const mounted[] = {"web", "d", "a.b_c-0"};
  const struct oriel_mount_config configs[] = {{.name = mounted[0]}, {.name = mounted[1]}, {.name = mounted[2]}};
  char why[256];
  if (size < 1)
    return 0;
  char *path = malloc(size);
  if (!path)
    return 0;
  memcpy(path, data + 1, size - 1);
  path[size - 1] = '\0';
  memset(&mounts, 0, sizeof mounts);
  oriel_mounts_init(&mounts, NULL, &access, NULL, NULL);
  /* 0 to 3 desktops, and each of the methods. */
  for (unsigned i = 0; i < data[0] % 4u; i++) {
    struct oriel_mount *mount;
    require(oriel_mounts_add(&mounts, &configs[i], &mount, why, sizeof why) == 0);
  }
  try_path(&mounts, path, 1u << (data[0] / 4 % 4));
  oriel_mounts_finish(&mounts);
  free(path);
  return 0;
}
