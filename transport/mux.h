/* SPDX-License-Identifier: MIT
 *
 * The handshake of hybrid vsock, a UNIX socket that leads to many ports of a guest: the host's program sends
 * "CONNECT N\n", the VMM answers "OK M\n" (M is the port it uses on its own side), and the stream follows. A refusal is
 * a closed connection. A guest that connects to port N of the host arrives at the UNIX socket "PATH_N", without any
 * handshake.
 *
 * Both lines are read byte by byte, so that nothing of the stream behind them is taken, and end after 32 bytes.
 * Thread-safety: one object, one thread.
 */
#ifndef ORIEL_TRANSPORT_MUX_H
#define ORIEL_TRANSPORT_MUX_H

#include <stddef.h>
#include <stdint.h>

#include "transport/scheme.h"

enum {
  ORIEL_MUX_LINE_MAX = 32, /* with the newline */
  ORIEL_MUX_TIMEOUT_MS = 2000,
};

/** A line that arrives. Zero-initialised. */
struct oriel_mux_line {
  char text[ORIEL_MUX_LINE_MAX];
  size_t have;
};

/** Takes one byte. 1: the line is complete, `text` holds it without its newline; 0: more; -EBADMSG: too long, or a byte
 *  that is no printable ASCII. */
int oriel_mux_line_push(struct oriel_mux_line *line, char byte);
/** Reads from a non-blocking socket up to the end of the line and not a byte more. 1, -EAGAIN, -EBADMSG, -ECONNRESET
 *  or another -errno. */
int oriel_mux_line_read(struct oriel_mux_line *line, int fd);

/** The dialer's side: the bytes of "CONNECT N\n". Returns their count. */
size_t oriel_mux_write_connect(uint32_t port, char text[ORIEL_MUX_LINE_MAX]);
/** "OK M". 0, -EBADMSG. */
int oriel_mux_parse_ok(const char *line, uint32_t *port);

/** The VMM's side, for a program that stands in for one: "CONNECT N". 0, -EBADMSG. */
int oriel_mux_parse_connect(const char *line, uint32_t *port);
/** The bytes of "OK M\n". Returns their count. */
size_t oriel_mux_write_ok(uint32_t port, char text[ORIEL_MUX_LINE_MAX]);

extern const struct oriel_transport_impl oriel_transport_mux;

#endif
