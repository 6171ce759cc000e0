/* SPDX-License-Identifier: MIT
 *
 * A page's pictures by WebRTC beside its WebSocket: one viewer, one flow of pictures, of which video leaves by RTP. What
 * goes by which way the page says (PICTURE_WAY); headers of pictures, tiles, sound and all else stay on the WebSocket.
 *
 *   no client --POST /whep/view with the ticket--> bound --PICTURE_WAY--> BOTH --the page has seen one--> RTP
 *
 * A session that ends, or PICTURE_WAY SOCKET, leads back to the beginning, with a key frame by the WebSocket.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_MEDIA_H
#define ORIEL_SERVER_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "server/credential.h"
#include "server/whep_client.h"
#include "wire/viewer.h"

struct oriel_media {
  struct oriel_whep_page page;      /* of the WebSocket's viewer */
  struct oriel_whep *whep;          /* borrowed; NULL = WebRTC is not served to this page */
  struct oriel_whep_client *client; /* borrowed: it says when it ends; NULL = none */
  enum oriel_viewer_picture_way way;
  uint32_t sequence;   /* of the last picture that its client took; 0 = none */
  bool begun;          /* a key frame and all pictures since have been handed to the client */
  bool ticket_waiting; /* it has to be sent */
  char ticket[ORIEL_SESSION_ID_SIZE + 1]; /* what proves that an offer comes from this page; "" = none */
};

/** Where a picture goes. */
enum oriel_media_leave {
  ORIEL_MEDIA_BY_SOCKET,
  ORIEL_MEDIA_BY_BOTH,
  ORIEL_MEDIA_BY_RTP,
  ORIEL_MEDIA_NOWHERE, /* nothing takes it before a key frame, which was asked for */
};

/** A viewer's, who may take pictures by WebRTC where `whep` is not NULL: draws its ticket. */
void oriel_media_init(struct oriel_media *media, struct oriel_whep *whep, struct oriel_viewer *viewer);
/** The viewer leaves: its client ends. Also of a zeroed one. */
void oriel_media_finish(struct oriel_media *media);
/** Whether this is its ticket; constant time. */
bool oriel_media_owns(const struct oriel_media *media, const char *ticket);
/** Has a client that was made for it; one that it had ends. */
void oriel_media_bind(struct oriel_media *media, struct oriel_whep_client *client);
/** The page chooses. Without a client that is connected all goes by the WebSocket. */
void oriel_media_choose(struct oriel_media *media, enum oriel_viewer_picture_way way);
/** A picture was taken for the viewer: hands it to the client where it leaves by RTP, and then says its timestamp. */
enum oriel_media_leave oriel_media_take(struct oriel_media *media, struct oriel_packet *packet, uint64_t now_ns,
                                        uint32_t *rtp_time);

#endif
