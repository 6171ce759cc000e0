/* SPDX-License-Identifier: MIT
 *
 * HTTP, WebSocket, authentication, limits and metrics for any number of desktops, on the caller's libuv loop.
 * libmicrohttpd is driven by its epoll fd inside that loop; upgraded sockets belong to the loop; wslay frames messages.
 *
 * A desktop is mounted by a name and found below /d/NAME/; the only one also at /.
 *
 * Thread-safety: every call from the loop's thread, but oriel_mount_wake (any thread).
 */
#ifndef ORIEL_SERVER_SERVER_H
#define ORIEL_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "desktop/desktop.h"

struct oriel_server;
struct oriel_mount;

/** Who adds and removes desktops at run time, for who shows the admin token. Called in the loop's thread; must not
 *  wait. Both: 0, or -errno with a sentence in `why` (`why_size` bytes) for the administrator, who is sent it. */
struct oriel_server_keeper {
  /** Mounts the desktop at `address` as `name`, neither of which was looked at. `options`: "key=value" each, ended by
   *  NULL. -EEXIST, -EINVAL, -ENOSPC, -EPERM; anything else is "not now". All borrowed during the call. */
  int (*add)(void *user, const char *name, const char *address, const char *const *options, char *why,
             size_t why_size);
  /** Unmounts it. -ENOENT: there is none; -EPERM: it is not to be removed so. */
  int (*remove)(void *user, const char *name, char *why, size_t why_size);
  void *user;
};

/** A file of the web client, built into the binary. */
struct oriel_asset {
  const char *path;         /* "/js/main.js"; "/" is the page */
  const char *content_type;
  const char *etag;         /* quoted, from the content */
  const uint8_t *data;
  size_t size;
};

struct oriel_server_config {
  const char *listen;          /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:443" */
  int listener;                /* a non-blocking TCP socket that listens already, taken over; 0 = none: bind `listen` */
  const char *token;           /* opens every desktop; 1..512 bytes; borrowed during create */
  const char *view_token;      /* the same for those who only watch, another one; NULL = there is none */
  const char *admin_token;     /* adds and removes desktops, and does nothing else; another one; NULL = there is none */
  struct oriel_server_keeper keeper; /* NULL functions: nobody adds or removes */
  const char *public_url;      /* where browsers find this server behind a proxy, as public.h has it; or NULL. The page,
                                  its cookie and what a missing Host needs are then for that address */
  const char *const *allow_hosts;   /* beyond the listening address itself and localhost; NULL-terminated or NULL */
  const char *const *allow_origins; /* beyond the page's own; NULL-terminated or NULL */
  const char *const *trusted_proxies; /* addresses and networks; NULL-terminated or NULL; see server/proxies.h */
  const char *tls_cert, *tls_key;   /* PEM texts (not paths) or both NULL */
  unsigned auth_fail_limit;         /* failures per address and window before 429; default 10 */
  unsigned auth_fail_window_s;      /* seconds; default 60 */
  const struct oriel_asset *assets; /* table of asset_count */
  size_t asset_count;
  const char *version;
};

/** Binds and listens; desktops are mounted later. 0 or -errno (-EADDRINUSE, -EACCES, -EINVAL...); `why` (at least 200
 *  bytes) then holds one sentence: what, on what, why, what to do. After a failure run the loop once before closing it:
 *  it may hold handles that are closing. */
int oriel_server_create(uv_loop_t *loop, const struct oriel_server_config *config, struct oriel_server **server,
                        char *why, size_t why_size);

/* ---- desktops ---- */

enum {
  ORIEL_MOUNTS_MAX = 1024,
  ORIEL_MOUNT_NAME_MAX = 63,
};

/** Borrowed during mount, all of it but `user`. */
struct oriel_mount_config {
  const char *name;       /* 1..63 of a-z, 0-9, ".", "_" and "-", beginning with a letter or a digit */
  const char *token;      /* opens this desktop alone, beside the server's; 1..512 bytes; NULL = none */
  const char *view_token; /* the same for those who only watch, another one; NULL = none */
  unsigned viewers_max;   /* 0 = ORIEL_DESKTOP_VIEWERS_MAX, as anything beyond it */
  /** Starts the desktop's VM again once it has ended; viewers are told that somebody can. NULL: nobody here. Called in
   *  the loop's thread; does not wait. 0: the VM is being started; -EALREADY: it runs, or is being started; -ECANCELED:
   *  we are about to end. */
  int (*start)(void *user);
  void *user;
  const char *machine; /* name of the desktop that is the first head of the same machine, itself perhaps; NULL = it
                          stands alone */
};

/** Makes a place for a desktop, which is set later: until then it is "no desktop is served now". The mount is the
 *  server's: valid until it is unmounted or the server's done returns. 0; -EEXIST: the name is taken; -EINVAL: the name
 *  or a token; -ENOSPC: ORIEL_MOUNTS_MAX are mounted; -ENOMEM. `why` (at least 200 bytes) then holds one sentence. */
int oriel_server_mount(struct oriel_server *server, const struct oriel_mount_config *config, struct oriel_mount **mount,
                       char *why, size_t why_size);
/** Whether a desktop's own tokens can be used beside the server's. 0; -EINVAL with a sentence in `why`. */
int oriel_server_check_tokens(const struct oriel_server *server, const struct oriel_mount_config *config, char *why,
                              size_t why_size);
/** Takes the desktop away, if it was not yet, and frees the name at once: its viewers are told that it is no longer
 *  served; nobody else notices. The mount is gone for the caller: its desktop's threads, which call oriel_mount_wake,
 *  must have ended before, so set no desktop, destroy it, and unmount. */
void oriel_server_unmount(struct oriel_mount *mount);
/** The desktop to serve. NULL before it is destroyed: every viewer is then detached from it at once and told that it
 *  goes away, and no snapshot of it is being made any more when this returns: those that wait for a picture are given
 *  up, and one that is being coded is waited for, some tens of ms. */
void oriel_mount_set_desktop(struct oriel_mount *mount, struct oriel_desktop *desktop);
/** The same without waiting for the worker that codes a snapshot: `left` is called from the loop's thread, before this
 *  returns or in a later turn, once nothing here is inside the desktop any more. Set no other one before. */
void oriel_mount_release_desktop(struct oriel_mount *mount, void (*left)(void *user), void *user);
/** Packets wait in mailboxes: the desktop's wake callback, with the mount as its user. Any thread; does not block. */
void oriel_mount_wake(void *mount);

/* ---- what all of them share ---- */

/** Counters since create. Closed viewers are counted by the reason said to them, or by ORIEL_SERVER_CLOSED_CUT when the
 *  connection ended from the other side or broke. */
enum { ORIEL_SERVER_CLOSED_CUT = 0, ORIEL_SERVER_REASONS = 32 };
struct oriel_server_stats {
  uint64_t connections, connections_refused; /* TCP; refused by a limit */
  uint64_t connections_evicted;              /* ended, without a credential and waiting, to make room for another */
  uint64_t requests_deferred;                /* to the loop's next turn, for the sake of the viewers */
  uint64_t requests, answers_2xx, answers_3xx, answers_4xx, answers_5xx;
  uint64_t refused_host, refused_origin;
  uint64_t refused_party, messages_denied; /* routes and messages that the credential is not good for */
  uint64_t auth_missing, auth_token, auth_cookie; /* no credential; a wrong token; an unknown or expired cookie */
  uint64_t auth_limited;                          /* 429 */
  uint64_t deadlines;                             /* connections ended because a request or an answer took too long */
  uint64_t viewers_opened, viewers_closed[ORIEL_SERVER_REASONS];
  uint64_t messages_in, bytes_in, messages_out, bytes_out; /* WebSocket */
  uint64_t thumbnails; /* small pictures that a worker went to make */
  uint64_t microphone_excess; /* packets of microphones beyond the rate: dropped */
  unsigned connections_now, viewers_now, sessions_now;
};
/** Fills a snapshot of them. */
void oriel_server_stats(struct oriel_server *server, struct oriel_server_stats *stats);
/** Port actually bound. */
uint16_t oriel_server_port(const struct oriel_server *server);
/** Says bye to every viewer, stops listening and ends within little more than half a second, whatever the clients do;
 *  then calls done from the loop and frees. Desktops whose wake callback is oriel_mount_wake must be destroyed in done
 *  at the latest: it is allowed until done returns. The loop must run until then. */
void oriel_server_close(struct oriel_server *server, void (*done)(void *user), void *user);

#endif
