/* SPDX-License-Identifier: MIT
 *
 * Clients of WHEP counted: who has too many, and who makes room for another. Nothing here changes any.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_CROWD_H
#define ORIEL_SERVER_WHEP_CROWD_H

#include "server/whep_client.h"

enum {
  ORIEL_WHEP_OF_ADDRESS_MAX = 64,        /* clients of one address at one desktop */
  ORIEL_WHEP_WAITING_OF_ADDRESS_MAX = 8, /* those of them whose media have not begun */
  ORIEL_WHEP_WAITING_MAX = 64,           /* the same of all addresses: each may cost a handshake */
};

/** Whether this address has all the clients at this desktop that it may have. */
bool oriel_whep_crowded(const struct oriel_whep *whep, const struct oriel_mount *mount,
                        const struct oriel_address_key *key);
/** The one that waits longest for its media to begin, where one more of this address would be one too many of those;
 *  else NULL. Borrowed. */
struct oriel_whep_client *oriel_whep_excess(const struct oriel_whep *whep, const struct oriel_mount *mount,
                                            const struct oriel_address_key *key);

#endif
