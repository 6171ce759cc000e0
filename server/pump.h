/* SPDX-License-Identifier: MIT
 *
 * Bytes between a link and a socket, both ways. Each direction holds at most one buffer: what the far side does not
 * take is not read from the near side.
 *
 * Thread-safety: one owner, the loop thread; no call blocks.
 */
#ifndef ORIEL_SERVER_PUMP_H
#define ORIEL_SERVER_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/link.h"

enum { ORIEL_PUMP_BUFFER = 16 * 1024 }; /* one TLS record */

struct oriel_pump {
  struct oriel_link *link; /* borrowed */
  int socket;              /* borrowed */
  bool shut, passed;       /* told the link that no more comes; told the socket */
  bool deaf;               /* the socket takes nothing more */
  uint64_t progress_ns;    /* when something for the link last moved */
  struct oriel_pump_flow {
    uint8_t data[ORIEL_PUMP_BUFFER];
    size_t start, size;
    bool ended; /* nothing more comes in */
  } up, down; /* from the link; to it */
};

/** Both are set later, by its owner. The buffers are not cleared. */
void oriel_pump_init(struct oriel_pump *pump);
/** Wipes what it carried in clear, a log-in maybe. */
void oriel_pump_finish(struct oriel_pump *pump);
/** Moves for a while. True when there is more to move, which no descriptor may announce: call again in the next turn.
 *  Else what the link's descriptor and the socket wait for is in the two masks of libuv's events. */
bool oriel_pump_run(struct oriel_pump *pump, int *link_events, int *socket_events);
/** Moves all that the socket has to the link: 0; -EAGAIN: it does not take all; -ECONNRESET: one of both has ended. */
int oriel_pump_drain(struct oriel_pump *pump);
/** Nothing will move any more. */
bool oriel_pump_over(const struct oriel_pump *pump);

#endif
