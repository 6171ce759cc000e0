/* SPDX-License-Identifier: MIT
 *
 * File descriptors that never block, never leak into children and never raise SIGPIPE, the same on Linux and macOS.
 * Private to transport/. Thread-safety: none needed, no state.
 */
#ifndef ORIEL_TRANSPORT_FD_H
#define ORIEL_TRANSPORT_FD_H

#include <stdbool.h>

/** Makes an fd non-blocking and close-on-exec. 0, -errno. */
int oriel_fd_prepare(int fd);
/** A prepared socket; on macOS with SO_NOSIGPIPE. The fd, or -errno. */
int oriel_fd_socket(int family, int type);
/** accept(2), prepared as above. The fd, or -errno. */
int oriel_fd_accept(int listener);
/** A pipe whose ends are prepared. 0, -errno. */
int oriel_fd_pipe(int ends[2]);
/** Closes *fd unless it is -1, and makes it -1. errno is kept. */
void oriel_fd_close(int *fd);
/** The events of `wanted` (and POLLERR, POLLHUP) that stand right now. */
short oriel_fd_ready(int fd, short wanted);
/** The pending error of a socket, taken away from it: 0 or a positive errno. */
int oriel_fd_error(int fd);

#endif
