/* SPDX-License-Identifier: MIT
 *
 * A VM's own serial ports, where nobody said otherwise: of the one we started, or of one that another `oriel run` left,
 * whose sockets lie beside its QMP socket. Main thread.
 */
#ifndef ORIEL_CLI_GUEST_PORT_H
#define ORIEL_CLI_GUEST_PORT_H

#include <stdbool.h>
#include <stddef.h>

enum { ORIEL_GUEST_PORT_SIZE = 3 * 108 + 16 }; /* of such an address */

/** The address of the socket `ours`, or where that is NULL of the socket `name` beside the QMP socket of the source at
 *  `address`. False: there is none. */
bool oriel_guest_port_find(const char *address, const char *ours, const char *name, char *text, size_t size);

#endif
