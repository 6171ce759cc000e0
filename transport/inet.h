/* SPDX-License-Identifier: MIT
 *
 * TCP and UDP names. Private to transport/. Thread-safety: none needed, no state.
 */
#ifndef ORIEL_TRANSPORT_INET_H
#define ORIEL_TRANSPORT_INET_H

#include <stdint.h>

#include "transport/scheme.h"

/** True when a connected socket's two ends are the same: connecting to a free port of this very machine can pick that
 *  port as its own and meet itself. */
bool oriel_inet_is_own_echo(int fd);
/** The port of a bound socket, or 0. */
uint32_t oriel_inet_port(int fd);

extern const struct oriel_transport_impl oriel_transport_tcp, oriel_transport_udp;

#endif
