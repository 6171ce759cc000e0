/* SPDX-License-Identifier: MIT
 *
 * What a server is made with. Thread-safety: values, borrowed while it is made.
 */
#ifndef ORIEL_SERVER_CONFIG_H
#define ORIEL_SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/asset.h"

/** Who adds and removes desktops at run time, for who shows the admin token. Called in the loop's thread; must not
 *  wait. Both: 0, or -errno with a sentence in `why` (`why_size` bytes) for the administrator, who is sent it. */
struct oriel_server_registry {
  /** Mounts the desktop at `address` as `name`, neither of which was looked at. `options`: "key=value" each, ended by
   *  NULL. -EEXIST, -EINVAL, -ENOSPC, -EPERM; anything else is "not now". All borrowed during the call. */
  int (*add)(void *user, const char *name, const char *address, const char *const *options, char *why,
             size_t why_size);
  /** Unmounts it. -ENOENT: there is none; -EPERM: it is not to be removed so. */
  int (*remove)(void *user, const char *name, char *why, size_t why_size);
  void *user;
};

/** WebRTC beside the WebSocket. */
struct oriel_server_webrtc {
  bool enabled;
  uint16_t port;                       /* of UDP; 0 = the number of the TCP port; where that is not free and was
                                        * chosen by the kernel, any other */
  const char *const *public_addresses; /* at which clients find this host, beyond its own; NULL-terminated or NULL */
  const char *const *ice_servers;      /* URLs to hand on, stun:… and turn:…; NULL-terminated or NULL */
  const char *turn_secret;             /* shared with those of TURN; NULL = none; borrowed during create */
};

struct oriel_server_config {
  const char *listen;          /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:443" */
  int listener;                /* a non-blocking TCP socket that listens already, taken over; 0 = none: bind `listen` */
  const char *token;           /* opens every desktop; 1..512 bytes; borrowed during create */
  const char *view_token;      /* the same for those who only watch, another one; NULL = there is none */
  const char *admin_token;     /* adds and removes desktops, and does nothing else; another one; NULL = there is none */
  struct oriel_server_registry registry; /* NULL functions: nobody adds or removes */
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
  struct oriel_server_webrtc webrtc;
};

#endif
