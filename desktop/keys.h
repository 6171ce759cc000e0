/* SPDX-License-Identifier: MIT
 *
 * Who may have key frames made, and how often. Everybody pays for each of them, so a peer (a log-in, whatever
 * connections and viewers it makes) has a budget; all peers together have a rendition's. Pure.
 * Thread-safety: none; the hub's lock guards the peers.
 */
#ifndef ORIEL_DESKTOP_KEYS_H
#define ORIEL_DESKTOP_KEYS_H

#include "core/rate_limit.h"

enum { ORIEL_KEYS_PEERS = 64 };

struct oriel_keys_peer {
  uint64_t id; /* 0 = free */
  struct oriel_rate_limit pace;
  uint64_t reserved_ns; /* a key frame that will be made then: whoever asks meanwhile shares it */
  uint64_t asked_ns;
};

struct oriel_keys {
  struct oriel_keys_peer peers[ORIEL_KEYS_PEERS]; /* those that asked last */
};

/** A viewer of this peer needs a key frame: when one may be made for it. Four at once, then one in four seconds, of
 *  which all that it waits with get the same. Peer 0 is nobody known, and may always. */
uint64_t oriel_keys_ask(struct oriel_keys *keys, uint64_t peer, uint64_t now_ns);

#endif
