/* SPDX-License-Identifier: MIT
 *
 * WHEP's UDP port in the loop: who is spoken to, when, and by whom.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_PORT_H
#define ORIEL_SERVER_WHEP_PORT_H

#include "server/whep_hub.h"

/** Watches the socket, which is open. 0, -errno. */
int oriel_whep_port_watch(struct oriel_whep *whep);
/** Sends what is written, and looks anew when the next client has something to do. After all that changed one. */
void oriel_whep_port_schedule(struct oriel_whep *whep);
/** Closes what watch opened, if it is open. */
void oriel_whep_port_close(struct oriel_whep *whep);
/** What a client can be told to send to: at most ORIEL_SDP_CANDIDATES_MAX. How many; 0: none
 *  is known now. */
unsigned oriel_whep_port_candidates(const struct oriel_whep *whep, struct oriel_webrtc_address *candidates);

#endif
