/* SPDX-License-Identifier: MIT
 *
 * A dialer keeps one stream between guest and host, again and again. No event loop and no thread: the owner polls the
 * fd for the events it is told, or until the time-out it is told, and steps. Nothing blocks, nothing raises SIGPIPE
 * (lesson 29). Works the same inside coreaudiod's helper, a PipeWire loop and libuv. The one exception to "no thread":
 * a host's name is resolved on a thread of its own, because the system's resolver blocks for as long as it likes;
 * numeric hosts and localhost need none.
 *
 * Thread-safety: one object, one thread.
 */
#ifndef ORIEL_TRANSPORT_DIALER_H
#define ORIEL_TRANSPORT_DIALER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "transport/address.h"

enum {
  ORIEL_BACKOFF_FIRST_MS = 1000, /* doubles up to the most; starts over once a connection carried data for a second */
  ORIEL_BACKOFF_MOST_MS = 10000,
  ORIEL_CONNECT_TIMEOUT_MS = 5000,
};

enum oriel_stream_state {
  ORIEL_STREAM_WAITING,    /* for the next attempt */
  ORIEL_STREAM_CONNECTING, /* also the handshake of mux:// */
  ORIEL_STREAM_CONNECTED,
};

struct oriel_dialer;

/** Nothing is connected yet: the first attempt is the first step. 0, -EINVAL (shm, port 0, CID `any`), -ENAMETOOLONG,
 *  -ENOMEM. */
int oriel_dialer_create(const struct oriel_transport_address *address, struct oriel_dialer **dialer);
void oriel_dialer_destroy(struct oriel_dialer *dialer);
/** To poll; -1 while waiting. Changes at every connection, and while connecting: ask again after every step. */
int oriel_dialer_fd(const struct oriel_dialer *dialer);
/** POLLIN and POLLOUT, as poll(2) names them. `wants_write`: the owner has bytes that did not fit. Once connected,
 *  POLLIN means: step, then receive until -EAGAIN; that is also how the end of a stream is noticed. An owner that only
 *  sends needs not receive: the second step in a row that finds bytes nobody received drops them. */
short oriel_dialer_events(const struct oriel_dialer *dialer, bool wants_write);
/** Milliseconds until step is due even without events; -1 = never. */
int oriel_dialer_timeout_ms(const struct oriel_dialer *dialer, uint64_t now_ns);
/** Goes on; `revents` as poll said (0 for a time-out). Returns the state after it. */
enum oriel_stream_state oriel_dialer_step(struct oriel_dialer *dialer, short revents, uint64_t now_ns);
enum oriel_stream_state oriel_dialer_state(const struct oriel_dialer *dialer);
/** Bytes taken, 1..size; -EAGAIN; -ENOTCONN when it is not connected; -EINVAL for no bytes; or another -errno: the
 *  connection ended and the dialer waits for its next attempt. Over UDP a whole datagram, -EMSGSIZE (still connected),
 *  and -EAGAIN while nobody is there: a receiver that comes later hears at once. */
ssize_t oriel_dialer_send(struct oriel_dialer *dialer, const void *data, size_t size, uint64_t now_ns);
/** Bytes given, 1..size; -EAGAIN; -ENOTCONN when it is not connected; -ECONNRESET when the peer closed; other -errno.
 *  Then it waits for its next attempt. Datagrams that are empty or do not fit are dropped. */
ssize_t oriel_dialer_receive(struct oriel_dialer *dialer, void *data, size_t size, uint64_t now_ns);
/** Ends the connection, as after a malformed packet; the next attempt keeps the back-off. */
void oriel_dialer_reset(struct oriel_dialer *dialer, uint64_t now_ns);
/** Attempts that failed or connections that ended, and why the last did: a static sentence for the log. */
uint64_t oriel_dialer_failures(const struct oriel_dialer *dialer, const char **why);

#endif
