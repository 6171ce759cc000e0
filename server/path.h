/* SPDX-License-Identifier: MIT
 *
 * The way to a viewer as this host's kernel sees it. A page can claim any delay, and hold its answers back to prove
 * it; that its machine acknowledged the segments in time it can't hide. Thread-safety: none; a path has one owner.
 */
#ifndef ORIEL_SERVER_PATH_H
#define ORIEL_SERVER_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/proxies.h"

struct oriel_path {
  uint32_t least_us; /* quickest round trip so far; 0 = none yet */
};

/** Whether the kernel's view reaches as far as the viewer: not when `peer` is a loopback address, where a tunnel or a
 *  proxy of this machine may end, or a trusted proxy. */
bool oriel_path_reaches(const struct sockaddr *peer, const struct oriel_proxies *proxies);

/** How much longer than at its best a byte sent now takes to arrive, in microseconds, 0 or more: what the round trip
 *  has grown by, and how long unsent bytes wait. INT64_MAX: it can't be told (`fd` is no connected TCP socket, or
 *  nothing was acknowledged yet). */
int64_t oriel_path_excess_us(struct oriel_path *path, int fd);

#endif
