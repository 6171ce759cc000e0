/* SPDX-License-Identifier: MIT
 *
 * What a viewer's messages do. Nothing here sends or frees: it is called from inside the inbox. Thread-safety: the loop
 * thread only.
 */
#ifndef ORIEL_SERVER_PEER_RECEIVE_H
#define ORIEL_SERVER_PEER_RECEIVE_H

#include <stddef.h>

struct oriel_peer;

/** Makes the inbox; `early`: bytes that came with the handshake, borrowed while the peer is made. 0, -ENOMEM. */
int oriel_peer_receive_init(struct oriel_peer *peer, const void *early, size_t early_size);
void oriel_peer_receive_finish(struct oriel_peer *peer);

#endif
