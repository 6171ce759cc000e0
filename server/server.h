/* SPDX-License-Identifier: MIT
 *
 * HTTP, WebSocket, authentication, limits and metrics for any number of desktops, on the caller's libuv loop.
 * libmicrohttpd is driven by its epoll fd inside that loop; upgraded sockets belong to the loop; wslay frames messages.
 *
 * A desktop is mounted by a name and found below /d/NAME/; the only one also at /.
 *
 * Thread-safety: every call from the loop's thread.
 */
#ifndef ORIEL_SERVER_SERVER_H
#define ORIEL_SERVER_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "desktop/desktop.h"
#include "server/config.h"
#include "server/mount.h"
#include "server/stats.h"

struct oriel_server;

/** Binds and listens; desktops are mounted later. 0 or -errno (-EADDRINUSE, -EACCES, -EINVAL...); `why` (at least 200
 *  bytes) then holds one sentence: what, on what, why, what to do. After a failure run the loop once before closing it:
 *  it may hold handles that are closing. */
int oriel_server_create(uv_loop_t *loop, const struct oriel_server_config *config, struct oriel_server **server,
                        char *why, size_t why_size);

/** Makes a place for a desktop, which is set later: until then it is "no desktop is served now". The mount is the
 *  server's: valid until it is unmounted or the server's done returns. 0; -EEXIST: the name is taken; -EINVAL: the name
 *  or a token; -ENOSPC: ORIEL_MOUNTS_MAX are mounted; -ENOMEM. `why` (at least 200 bytes) then holds one sentence. */
int oriel_server_mount(struct oriel_server *server, const struct oriel_mount_config *config, struct oriel_mount **mount,
                       char *why, size_t why_size);
/** Whether a desktop's own tokens can be used beside the server's. 0; -EINVAL with a sentence in `why`. */
int oriel_server_check_tokens(const struct oriel_server *server, const struct oriel_mount_config *config, char *why,
                              size_t why_size);
/** Fills a snapshot of what it counts. */
void oriel_server_stats(struct oriel_server *server, struct oriel_server_stats *stats);
/** Port actually bound. */
uint16_t oriel_server_port(const struct oriel_server *server);
/** Says bye to every viewer, stops listening and ends within little more than half a second, whatever the clients do;
 *  then calls done from the loop and frees. Desktops whose wake callback is oriel_mount_wake must be destroyed in done
 *  at the latest: it is allowed until done returns. The loop must run until then. */
void oriel_server_close(struct oriel_server *server, void (*done)(void *user), void *user);

#endif
