/* SPDX-License-Identifier: MIT
 *
 * The mounts of a server: a desktop's name, its own tokens, its viewers, and its place on the list of those with
 * something to send. What callers of the room see of a mount is in mount.h.
 *
 * A mount does not know the server: it is given the parts that it needs, and is told of its viewers by a table.
 *
 * Thread-safety: the loop thread only, but for `ready` and `next_ready`, by which any thread says that a desktop has
 * something to send, and `workers_inside` under worker_lock.
 */
#ifndef ORIEL_SERVER_MOUNTS_H
#define ORIEL_SERVER_MOUNTS_H

#include <stdatomic.h>

#include "core/clock.h"
#include "desktop/desktop.h"
#include "server/access.h"
#include "server/loop.h"
#include "server/mount_config.h"
#include "server/stats.h"
#include "server/thumbnail.h"
#include "server/whep_stats.h"
#include "wire/viewer.h"

#define ORIEL_CLOSE_LIMIT_NS (500 * ORIEL_NS_PER_MS) /* for those who are told that all ends */

struct oriel_mount;
struct oriel_peer;
struct oriel_webrtc_feed;
struct oriel_whep;

/** What is done with the viewers of a mount; every slot is needed. */
struct oriel_mount_viewers {
  /** Sends what waits for them. */
  void (*flush)(struct oriel_mount *mount);
  /** Tells them that the desktop goes away; they leave it now, and have `limit_ns` for the rest. */
  void (*bye)(struct oriel_mount *mount, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns);
};

struct oriel_mounts {
  struct oriel_loop *loop;          /* these three borrowed */
  struct oriel_access *access;
  struct oriel_server_stats *stats;
  const struct oriel_mount_viewers *viewers;
  struct oriel_mount *first; /* in the order they came, and those that are gone but for their last users */
  unsigned count;            /* without these */
  unsigned peer_count;       /* connections of viewers, of all */
  struct oriel_whep *whep;   /* clients of WebRTC; NULL = there are none here */
  _Atomic(struct oriel_mount *) ready; /* with something to send; see mount_ready.c */
  uv_async_t wake;
  uv_mutex_t worker_lock; /* guards workers_inside of each */
  uv_cond_t worker_left;
  unsigned workers;           /* of all, begun and not yet back in the loop */
  unsigned snapshots;         /* of those: requests between start and answer */
  unsigned thumbnails_making; /* of those, too */
  struct oriel_desktop_stats desktop_stats; /* for one call at a time: too large for a stack */
};

struct oriel_mount {
  struct oriel_mounts *mounts;
  struct oriel_mount *next; /* in the order they came; one that is unmounted stays until it is free */
  char name[ORIEL_MOUNT_NAME_MAX + 1];
  char machine[ORIEL_MOUNT_NAME_MAX + 1]; /* name of its machine's first head; "" = it stands alone */
  bool unmounted;  /* it has no name any more */
  unsigned uses;   /* peers, requests and workers that hold it, and its place among the mounted */

  struct oriel_secret token, view_token; /* not known where it has none of its own */
  char *share;                           /* the one for viewing as it is, for a link; NULL = none */
  bool share_made;                       /* it is not the configuration's */
  bool alone;                            /* the server will never have another */
  unsigned viewers_max;                  /* 1..ORIEL_DESKTOP_VIEWERS_MAX */
  int (*start)(void *user);              /* starts its VM again; NULL = nobody here can */
  void *start_user;

  struct oriel_desktop *desktop; /* borrowed; NULL = none yet, or no longer */
  struct oriel_peer *peers;      /* the newest first */
  unsigned peer_count;
  struct oriel_webrtc_feed *feed; /* of its clients of WebRTC, while there are some; NULL */
  unsigned whep_count, whep_watchers; /* how many these are, and who of them only may watch */
  struct oriel_whep_stats whep_past;  /* what those counted that have ended */
  unsigned whep_pages;        /* and how many belong to pages, which are among the peers */
  unsigned workers_inside;    /* of libuv's pool, in the desktop */
  unsigned workers;           /* begun and not yet back in the loop */
  unsigned snapshots;         /* of those */
  struct oriel_thumbnail thumbnail;
  void (*left)(void *user);   /* waits until there are no workers; NULL = nobody does */
  void *left_user;

  atomic_bool ready;              /* on the list; whoever sets it puts the mount there */
  struct oriel_mount *next_ready; /* written by who put it there, read by who took the list */
};

/** Of a zeroed one, with the parts and the table that are to be in it. Opens no handle: mount_ready.h does. */
void oriel_mounts_init(struct oriel_mounts *mounts, struct oriel_loop *loop, struct oriel_access *access,
                       struct oriel_server_stats *stats, const struct oriel_mount_viewers *viewers);
/** Frees all, of a server that nobody uses any more. */
void oriel_mounts_finish(struct oriel_mounts *mounts);
/** As oriel_server_mount and oriel_server_check_tokens. */
int oriel_mounts_add(struct oriel_mounts *mounts, const struct oriel_mount_config *config, struct oriel_mount **mount,
                     char *why, size_t why_size);
int oriel_mounts_check_tokens(const struct oriel_mounts *mounts, const struct oriel_mount_config *config, char *why,
                              size_t why_size);
/** Time goes on: forgets thumbnails that nobody asks for. */
void oriel_mounts_tick(struct oriel_mounts *mounts, uint64_t now_ns);

/** The one of that name, `size` bytes; NULL. Borrowed. */
struct oriel_mount *oriel_mount_find(const struct oriel_mounts *mounts, const char *name, size_t size);
/** The only one that is mounted; NULL where there are none or several. */
struct oriel_mount *oriel_mount_only(const struct oriel_mounts *mounts);
/** The next one that is mounted, NULL at the end; NULL for the first. */
struct oriel_mount *oriel_mount_next(const struct oriel_mounts *mounts, const struct oriel_mount *mount);
/** For the log: its name where the client named it, else NULL. Borrowed. */
const char *oriel_mount_named(const struct oriel_mount *mount, bool named);
/** Keeps it, whatever becomes of its name. Returns it; NULL is fine. */
struct oriel_mount *oriel_mount_ref(struct oriel_mount *mount);
/** The last one frees it. NULL is fine. */
void oriel_mount_unref(struct oriel_mount *mount);
/** Out of the server's list and freed, where nobody holds it; one on the ready list when that is taken next. */
void oriel_mount_free_unused(struct oriel_mount *mount);

#endif
