/* SPDX-License-Identifier: MIT
 *
 * WHEP of a server: its port, its clients, and what all of them share.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_HUB_H
#define ORIEL_SERVER_WHEP_HUB_H

#include <uv.h>

#include "core/heap.h"
#include "server/ice_servers.h"
#include "server/mounts.h"
#include "server/udp.h"
#include "webrtc/router.h"

struct oriel_whep {
  struct oriel_loop *loop;         /* these two borrowed */
  struct oriel_sessions *sessions; /* of browsers */
  struct oriel_udp udp;
  uv_poll_t poll;
  uv_timer_t timer;
  bool open;       /* the port is, and these handles are */
  int events;      /* that the poll is started for; 0 = it is not */
  bool error_told; /* an error of the socket is in the log */
  uint64_t strange; /* datagrams for no session */
  bool cut_short;  /* somebody had more to send than the socket took */
  struct oriel_webrtc_router router;
  struct oriel_dtls_identity *identity;
  struct oriel_list clients;
  struct oriel_heap due; /* the same by when they have something to do */
  uint64_t timer_ns;     /* when the timer fires; 0 = it does not */
  unsigned count; /* viewers of their own */
  unsigned pages; /* and those that belong to a page */
  struct oriel_webrtc_address public_addresses[ORIEL_SDP_CANDIDATES_MAX];
  unsigned public_count;
  struct oriel_ice_servers ice_servers; /* to hand on */
  char closed_because[160]; /* why there is no port */
};

#endif
