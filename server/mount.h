/* SPDX-License-Identifier: MIT
 *
 * A desktop as a server shows it: its name, its own tokens, its viewers, and its place on the list of those with
 * something to send. What callers see of it is in server.h.
 *
 * Thread-safety: the loop thread only, but for `ready` and `next_ready`, which oriel_mount_wake sets from any thread,
 * and `workers_inside` under the server's worker_lock.
 */
#ifndef ORIEL_SERVER_MOUNT_H
#define ORIEL_SERVER_MOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "server/credential.h"
#include "server/server.h"
#include "server/thumbnail.h"

struct oriel_peer;

struct oriel_mount {
  struct oriel_server *server;
  struct oriel_mount *next; /* of the server's, in the order they came; one that is unmounted stays until it is free */
  char name[ORIEL_MOUNT_NAME_MAX + 1];
  char machine[ORIEL_MOUNT_NAME_MAX + 1]; /* name of its machine's first head; "" = it stands alone */
  bool unmounted;  /* it has no name any more */
  unsigned uses;   /* peers, requests and workers that hold it, and its place among the mounted */

  struct oriel_secret token, view_token; /* not known where it has none of its own */
  char *share;                           /* the one for viewing as it is, for a link; NULL = none */
  bool share_made;                       /* it is not the configuration's */
  unsigned viewers_max;                  /* 1..ORIEL_DESKTOP_VIEWERS_MAX */
  int (*start)(void *user);              /* starts its VM again; NULL = nobody here can */
  void *start_user;

  struct oriel_desktop *desktop; /* borrowed; NULL = none yet, or no longer */
  struct oriel_peer *peers;      /* the newest first */
  unsigned peer_count;
  unsigned workers_inside;    /* of libuv's pool, in the desktop */
  unsigned workers;           /* begun and not yet back in the loop */
  unsigned snapshots;         /* of those */
  struct oriel_thumbnail thumbnail;
  void (*left)(void *user);   /* waits until there are no workers; NULL = nobody does */
  void *left_user;

  atomic_bool ready;              /* on the list; whoever sets it puts the mount there */
  struct oriel_mount *next_ready; /* written by who put it there, read by who took the list */
};

/** The one of that name, `size` bytes; NULL. Borrowed. */
struct oriel_mount *oriel_mount_find(const struct oriel_server *server, const char *name, size_t size);
/** The only one that is mounted; NULL where there are none or several. */
struct oriel_mount *oriel_mount_only(const struct oriel_server *server);
/** The next one that is mounted, NULL at the end; NULL for the first. */
struct oriel_mount *oriel_mount_next(const struct oriel_server *server, const struct oriel_mount *mount);
/** What a token is good for at this desktop; of the server where `mount` is NULL: then the best that it is good for at
 *  any. *all (NULL is fine): it is one of the server's, which open every desktop. */
enum oriel_right oriel_mount_right(const struct oriel_server *server, const struct oriel_mount *mount,
                                   const struct oriel_secret *secret, bool *all);
/** The same of a browser session, by its serial; NONE once it has ended. */
enum oriel_right oriel_mount_session_right(const struct oriel_server *server, const struct oriel_mount *mount,
                                           uint64_t session);
/** For the log: its name where the client named it, else NULL. Borrowed. */
const char *oriel_mount_named(const struct oriel_mount *mount, bool named);
/** Viewers whose tokens only let watch may have half of the places, one at least. */
unsigned oriel_mount_watchers_max(const struct oriel_mount *mount);
/** A token that only lets watch this desktop, for who may control it, and, with `all`, every other. Its own; of the
 *  only one the server's; else one that is made now and lasts as long as the mount. NULL: the server has none, or
 *  memory or random numbers are short. */
const char *oriel_mount_share(struct oriel_mount *mount, bool all);
/** Keeps it, whatever becomes of its name. Returns it; NULL is fine. */
struct oriel_mount *oriel_mount_ref(struct oriel_mount *mount);
/** The last one frees it. NULL is fine. */
void oriel_mount_unref(struct oriel_mount *mount);
/** Out of the server's list and freed, where nobody holds it; one on the ready list when that is taken next. */
void oriel_mount_free_unused(struct oriel_mount *mount);
/** Runs `run` in a worker of libuv's pool, inside the desktop, and then `done` in the loop; the mount is held until
 *  oriel_mount_worker_done. 0; -errno of uv_queue_work: neither runs. */
int oriel_mount_queue_work(struct oriel_mount *mount, uv_work_t *work, uv_work_cb run, uv_after_work_cb done);
/** The worker has left the desktop; it says so itself, with its last breath. */
void oriel_mount_worker_left(struct oriel_mount *mount);
/** It is back in the loop: whoever waits for the last one is told. The mount may be gone then. */
void oriel_mount_worker_done(struct oriel_mount *mount);
/** Sends what waits for the viewers of those that said so. */
void oriel_mounts_flush(struct oriel_server *server);
/** Takes all desktops away, as oriel_mount_set_desktop does one. */
void oriel_mounts_detach(struct oriel_server *server);
/** Frees all, of a server that nobody uses any more. */
void oriel_mounts_finish(struct oriel_server *server);

#endif
