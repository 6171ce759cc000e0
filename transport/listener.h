/* SPDX-License-Identifier: MIT
 *
 * A listener takes streams in: at a socket, a device or a UDP port. No event loop and no thread, as the dialer.
 *
 * Thread-safety: one object, one thread.
 */
#ifndef ORIEL_TRANSPORT_LISTENER_H
#define ORIEL_TRANSPORT_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "transport/address.h"

struct oriel_listener;

/** Listens (unix, tcp, vsock, mux: at the UNIX socket "PATH_PORT", where a VMM brings the guest's connections), opens
 *  (serial) or binds (udp). The CID of vsock is the one that may connect, or `any`. A socket file that nobody answers
 *  at is replaced; the path and the reason are in `why` (at least 200 bytes; more, where paths are long) on failure
 *  (lesson 40). Blocks for at most 2 s, and only when a host's name must be resolved. 0, -EINVAL, -EADDRINUSE, -EEXIST,
 *  -ENAMETOOLONG, -ENOMEM, other -errno. */
int oriel_listener_create(const struct oriel_transport_address *address, struct oriel_listener **listener, char *why,
                          size_t why_size);
/** Closes and removes a socket file of ours. NULL is fine. */
void oriel_listener_destroy(struct oriel_listener *listener);
/** To poll for POLLIN, then accept until -EAGAIN. -1 when nothing more can come: serial and udp, once accepted. */
int oriel_listener_fd(const struct oriel_listener *listener);
/** A connected, non-blocking, close-on-exec fd the caller owns; -EAGAIN; other -errno. -EMFILE: the connection was
 *  turned away. Several peers may connect: the newest is the live one, since an older may be half open. For serial and
 *  udp the fd itself is the stream: the first call gives a duplicate, further ones -EAGAIN. A port that comes and goes
 *  is better opened by a dialer: both ends of serial:// are dialed the same. */
int oriel_listener_accept(struct oriel_listener *listener);
/** The port a tcp or udp listener got where 0 was asked. */
uint32_t oriel_listener_port(const struct oriel_listener *listener);

#endif
