/* SPDX-License-Identifier: MIT
 *
 * What a viewer's connection and page report. Network thread only.
 */
#ifndef ORIEL_DESKTOP_FEEDBACK_H
#define ORIEL_DESKTOP_FEEDBACK_H

#include "core/packet.h"

struct oriel_viewer;

/** The server finished handing a picture to the kernel: feeds the queue and send stages and the pacing. */
void oriel_viewer_sent(struct oriel_viewer *viewer, const struct oriel_packet *packet, uint64_t sent_ns);

/** What the page saw of pictures: the newest sequence of each stage, with times on this host's clock (the server maps
 *  the viewer's clock by its pings); 0 = unknown. A viewer must report `received` and `decoded` (tiles count as decoded
 *  when drawn): one that does not gets a window of pictures (2 and 1.25 round trips of them) and no more.
 *
 *  Sequences a viewer gets may have gaps without a SKIPPED: tiles that found its mailbox occupied are left out, and the
 *  next picture it gets is video, which covers them. Every picture handed out fits what was handed out before. */
struct oriel_viewer_ack {
  uint32_t received, decoded, painted;                /* sequence numbers; 0 = none yet */
  uint64_t received_ns, decoded_ns, painted_ns;
  int64_t path_us; /* how much longer than at best the way takes, as the transport sees it; INT64_MAX = can't be told */
};
/** Drives pacing, skipping and the bitrate: the first cut is on rising delay, before loss (lesson 17). */
void oriel_viewer_ack(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack);
/** The viewer's transport carries pictures of `kbps`, as it measures itself; 0 = it cannot tell, as at first. A
 *  channel's bitrate stays within the most that one of its viewers carries: nobody takes the quality from the others,
 *  and who carries less skips pictures. */
void oriel_viewer_carries(struct oriel_viewer *viewer, uint32_t kbps);
/** While held the viewer is handed no picture, since its transport has as many to send as it may; what waits is replaced
 *  by newer ones as ever. */
void oriel_viewer_hold(struct oriel_viewer *viewer, bool held);
/** Last round trip measured by the server's ping. */
void oriel_viewer_rtt(struct oriel_viewer *viewer, uint32_t rtt_us);
/** Asks for a key frame for this viewer, shared with all who wait for one. A viewer that needs one again within ten
 *  seconds waits 1, 2, then 4 s for it; a peer gets four at once and then one in 4 s, by whatever it needs them
 *  (joining, showing again, asking); all together get 4 a second, and 1 a second for long: a broken or hostile one
 *  costs the others little. */
void oriel_viewer_request_key(struct oriel_viewer *viewer);

#endif
