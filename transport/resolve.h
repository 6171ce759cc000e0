/* SPDX-License-Identifier: MIT
 *
 * Host names, asked for on a thread of their own, since the system's resolver blocks for as long as it likes. Private
 * to transport/.
 *
 * Thread-safety: one owner. The thread that asks holds its own reference; an owner that goes away leaves it to end by
 * itself, at the latest with the resolver's own time-out, and waits for nothing.
 */
#ifndef ORIEL_TRANSPORT_RESOLVE_H
#define ORIEL_TRANSPORT_RESOLVE_H

#include "transport/scheme.h"

struct oriel_resolution;

/** Starts asking for a tcp or udp address's host. 0, -ENOMEM, -EMFILE, -EAGAIN. */
int oriel_resolution_start(const struct oriel_transport_address *address, int type,
                           struct oriel_resolution **resolution);
/** Becomes readable when the answer is there. Owned by the resolution. */
int oriel_resolution_fd(const struct oriel_resolution *resolution);
/** -EAGAIN while it lasts; 0: at least one; -ENOENT: the name is unknown or nobody could say. */
int oriel_resolution_read(const struct oriel_resolution *resolution, struct oriel_endpoints *endpoints);
/** Ends the ownership; never waits. NULL is fine. */
void oriel_resolution_destroy(struct oriel_resolution *resolution);

#endif
