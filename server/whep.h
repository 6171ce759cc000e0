/* SPDX-License-Identifier: MIT
 *
 * WHEP (draft-ietf-wish-whep): desktops for any client of WebRTC. An offer comes by HTTP, media go by one UDP port.
 * What answers its requests is in handlers.h.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_H
#define ORIEL_SERVER_WHEP_H

#include "server/mounts.h"
#include "server/site.h"

/** Opens the UDP port beside the server's, and says so to the mounts. 0, also where the port is in use and the
 *  configuration names none: then all offers are refused with the reason; -errno with a sentence in `why`. */
int oriel_whep_start(struct oriel_mounts *mounts, const struct oriel_site *site,
                     const struct oriel_server_webrtc *config, char *why, size_t why_size);
/** Closes the port, when all clients have gone; its handles count until the loop has closed them. */
void oriel_whep_stop(struct oriel_mounts *mounts);
/** Frees what is left, once no handle is open. */
void oriel_whep_finish(struct oriel_mounts *mounts);

/** Sends what waits for the clients of one desktop. */
void oriel_whep_flush(struct oriel_mount *mount);
/** Says goodbye to those of one desktop: it goes away. */
void oriel_whep_bye(struct oriel_mount *mount);
/** The same to those that one browser session let in, which logged out. */
void oriel_whep_logout(struct oriel_mounts *mounts, uint64_t session);

#endif
