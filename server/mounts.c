/* SPDX-License-Identifier: MIT
 *
 * Places for desktops: finding, making and freeing them. Loop thread.
 */
#include "server/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/shortage.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

/* ---- finding ---- */

struct oriel_mount *oriel_mount_next(const struct oriel_mounts *mounts, const struct oriel_mount *mount) {
  struct oriel_mount *next = mount ? mount->next : mounts->first;
  while (next && next->unmounted)
    next = next->next;
  return next;
}

struct oriel_mount *oriel_mount_find(const struct oriel_mounts *mounts, const char *name, size_t size) {
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(mounts, mount)) != NULL;) {
    if (strlen(mount->name) == size && memcmp(mount->name, name, size) == 0)
      return mount;
  }
  return NULL;
}

struct oriel_mount *oriel_mount_only(const struct oriel_mounts *mounts) {
  return mounts->count == 1 ? oriel_mount_next(mounts, NULL) : NULL;
}

const char *oriel_mount_named(const struct oriel_mount *mount, bool named) {
  return named && mount ? mount->name : NULL;
}

/* ---- life ---- */

static void release(struct oriel_mount *mount) {
  if (mount->share)
    explicit_bzero(mount->share, strlen(mount->share));
  free(mount->share);
  oriel_thumbnail_drop(&mount->thumbnail);
  explicit_bzero(mount, sizeof *mount);
  free(mount);
}

struct oriel_mount *oriel_mount_ref(struct oriel_mount *mount) {
  if (mount)
    mount->uses++;
  return mount;
}

void oriel_mount_free_unused(struct oriel_mount *mount) {
  if (mount->uses || atomic_load_explicit(&mount->ready, memory_order_relaxed))
    return;
  struct oriel_mount **link = &mount->mounts->first;
  while (*link != mount)
    link = &(*link)->next;
  *link = mount->next;
  release(mount);
}

void oriel_mount_unref(struct oriel_mount *mount) {
  if (!mount)
    return;
  mount->uses--;
  oriel_mount_free_unused(mount);
}

static bool name_valid(const char *name) {
  const size_t size = strlen(name);
  return size >= 1 && size <= ORIEL_MOUNT_NAME_MAX && strchr(NAME_LETTERS, name[0]) &&
         strspn(name, NAME_LETTERS "._-") == size;
}

/** NULL is fine; 0, or -EINVAL with a sentence. */
static int check_token(const struct oriel_mounts *mounts, const char *name, const char *token, char *why,
                       size_t why_size) {
  const size_t size = token ? strlen(token) : 1;
  struct oriel_secret secret = {0};
  if (size == 0 || size > ORIEL_TOKEN_MAX) {
    snprintf(why, why_size, "cannot use a token of the desktop %.63s: it has %zu bytes; give one of 1 to %d", name,
             size, ORIEL_TOKEN_MAX);
    return -EINVAL;
  }
  if (token && oriel_secret_set(&secret, token, size) && oriel_access_owns(mounts->access, &secret)) {
    snprintf(why, why_size, "cannot use a token of the desktop %.63s: it is one of the server's; give another one",
             name);
    return -EINVAL;
  }
  return 0;
}

int oriel_mounts_check_tokens(const struct oriel_mounts *mounts, const struct oriel_mount_config *config, char *why,
                              size_t why_size) {
  int status = check_token(mounts, config->name, config->token, why, why_size);
  if (status == 0)
    status = check_token(mounts, config->name, config->view_token, why, why_size);
  if (status == 0 && config->token && config->view_token && strcmp(config->token, config->view_token) == 0) {
    snprintf(why, why_size, "cannot use one token for both of the desktop %.63s: who only watches needs another",
             config->name);
    return -EINVAL;
  }
  return status;
}

static int check_config(const struct oriel_mounts *mounts, const struct oriel_mount_config *config, char *why,
                        size_t why_size) {
  const char *name = config->name ? config->name : "";
  if (!name_valid(name)) {
    snprintf(why, why_size,
             "cannot call a desktop \"%.80s\": a name has 1 to %d of a-z, 0-9, \".\", \"_\" and \"-\", and begins with "
             "a letter or a digit", name, ORIEL_MOUNT_NAME_MAX);
    return -EINVAL;
  }
  if (oriel_mount_find(mounts, name, strlen(name))) {
    snprintf(why, why_size, "a desktop called %.63s is served already: give this one another name", name);
    return -EEXIST;
  }
  if (mounts->count >= ORIEL_MOUNTS_MAX) {
    snprintf(why, why_size, "cannot serve the desktop %.63s: %d are served, which is the limit; remove one first",
             name, ORIEL_MOUNTS_MAX);
    return -ENOSPC;
  }
  return oriel_mounts_check_tokens(mounts, config, why, why_size);
}

/** False when memory is short. */
static bool take_tokens(struct oriel_mount *mount, const struct oriel_mount_config *config) {
  if (config->token && !oriel_secret_set(&mount->token, config->token, strlen(config->token)))
    return false;
  if (!config->view_token)
    return true;
  mount->share = strdup(config->view_token);
  return mount->share && oriel_secret_set(&mount->view_token, config->view_token, strlen(config->view_token));
}

static unsigned viewers_of(const struct oriel_mount_config *config) {
  const unsigned wanted = config->viewers_max;
  return wanted && wanted < ORIEL_DESKTOP_VIEWERS_MAX ? wanted : ORIEL_DESKTOP_VIEWERS_MAX;
}

int oriel_mounts_add(struct oriel_mounts *mounts, const struct oriel_mount_config *config, struct oriel_mount **out,
                       char *why, size_t why_size) {
  const int status = check_config(mounts, config, why, why_size);
  if (status < 0)
    return status;
  struct oriel_mount *mount = calloc(1, sizeof *mount);
  if (!mount || !take_tokens(mount, config)) {
    if (mount)
      release(mount);
    snprintf(why, why_size, "cannot serve the desktop %.63s: %s; %s", config->name, strerror(ENOMEM),
             oriel_shortage_advice(ENOMEM));
    return -ENOMEM;
  }
  snprintf(mount->name, sizeof mount->name, "%s", config->name);
  snprintf(mount->machine, sizeof mount->machine, "%s", config->machine ? config->machine : "");
  mount->mounts = mounts;
  mount->viewers_max = viewers_of(config);
  mount->alone = config->alone;
  mount->start = config->start;
  mount->start_user = config->user;
  mount->uses = 1;
  struct oriel_mount **link = &mounts->first;
  while (*link)
    link = &(*link)->next;
  *link = mount;
  mounts->count++;
  why[0] = '\0';
  *out = mount;
  return 0;
}

void oriel_mounts_init(struct oriel_mounts *mounts, struct oriel_loop *loop, struct oriel_access *access,
                       struct oriel_server_stats *stats, const struct oriel_mount_viewers *viewers) {
  mounts->loop = loop;
  mounts->access = access;
  mounts->stats = stats;
  mounts->viewers = viewers;
  (void)uv_mutex_init(&mounts->worker_lock);
  (void)uv_cond_init(&mounts->worker_left);
}

void oriel_mounts_finish(struct oriel_mounts *mounts) {
  for (struct oriel_mount *mount = mounts->first, *next; mount; mount = next) {
    next = mount->next;
    release(mount);
  }
  mounts->first = NULL;
  uv_cond_destroy(&mounts->worker_left);
  uv_mutex_destroy(&mounts->worker_lock);
}

void oriel_mounts_tick(struct oriel_mounts *mounts, uint64_t now_ns) {
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(mounts, mount)) != NULL;)
    oriel_thumbnail_tick(&mount->thumbnail, now_ns);
}
