/* SPDX-License-Identifier: MIT
 *
 * The client's side of logging in on a D-Bus connection ("D-Bus Specification", Authentication Protocol): EXTERNAL, by
 * the credentials of this process, and descriptors. Thread-safety: one thread for a socket.
 */
#ifndef ORIEL_SOURCE_QEMU_LOGIN_H
#define ORIEL_SOURCE_QEMU_LOGIN_H

/** Logs in; blocks until the other side has answered or the socket is shut down. NULL, or why not; static. */
const char *oriel_qemu_login(int fd);

#endif
