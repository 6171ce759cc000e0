/* SPDX-License-Identifier: MIT
 *
 * Bytes to and from a connected fd, socket or device, without blocking and without SIGPIPE (lesson 29): what dialers do
 * inside, and what is done with an fd that a listener gave.
 *
 * Thread-safety: none needed, no state; one fd, one thread a direction.
 */
#ifndef ORIEL_TRANSPORT_STREAM_H
#define ORIEL_TRANSPORT_STREAM_H

#include <stddef.h>
#include <sys/types.h>

/** send(2) of a prepared fd: bytes taken, 1..size; -EAGAIN; -EINVAL for no bytes; -ECONNRESET at the end; other
 *  -errno. */
ssize_t oriel_stream_send(int fd, const void *data, size_t size);
/** recv(2) likewise. Datagrams that are empty or do not fit are dropped, at most 16 of them in a call. */
ssize_t oriel_stream_receive(int fd, void *data, size_t size);

#endif
