/* SPDX-License-Identifier: MIT
 *
 * What is sent to a viewer next. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_PEER_SEND_H
#define ORIEL_SERVER_PEER_SEND_H

#include <stdbool.h>

struct oriel_peer;

/** Starts the most urgent message that waits in the idle outbox; false when there is none. */
bool oriel_peer_fill(struct oriel_peer *peer);

#endif
