/* SPDX-License-Identifier: MIT
 *
 * Which session a datagram of the one port is for: a check names it by its ufrag; anything else comes from an address
 * from which an authentic check came before.
 *
 * Thread-safety: none; the network thread.
 */
#ifndef ORIEL_WEBRTC_ROUTER_H
#define ORIEL_WEBRTC_ROUTER_H

#include "core/list.h"
#include "webrtc/session.h"

enum { ORIEL_WEBRTC_BUCKETS = 512, ORIEL_WEBRTC_WAYS = ORIEL_ICE_PAIRS_MAX };

/* So long after it was heard from an address a session keeps it, whoever else claims to be there. */
#define ORIEL_WEBRTC_OWNED_NS 3000000000ull

struct oriel_webrtc_route;

/** A ufrag of a session: the one of now, or the one before a restart. */
struct oriel_webrtc_name {
  struct oriel_list node; /* in its bucket */
  struct oriel_webrtc_route *route;
  char ufrag[ORIEL_ICE_UFRAG_SIZE + 1]; /* "" = none */
};

/** An address of a session. */
struct oriel_webrtc_way {
  struct oriel_list node; /* in its bucket */
  struct oriel_webrtc_address from;
  struct oriel_webrtc_route *route;
};

/** A session's part in a router; lies with whoever owns the session. */
struct oriel_webrtc_route {
  struct oriel_webrtc_session *session; /* borrowed */
  struct oriel_webrtc_name now, before;
  struct oriel_webrtc_way ways[ORIEL_WEBRTC_WAYS]; /* each of an address of its own */
};

struct oriel_webrtc_router {
  struct oriel_list by_ufrag[ORIEL_WEBRTC_BUCKETS], by_address[ORIEL_WEBRTC_BUCKETS];
};

void oriel_webrtc_router_init(struct oriel_webrtc_router *router);
/** `route` stays where it is until it is removed. */
void oriel_webrtc_router_add(struct oriel_webrtc_router *router, struct oriel_webrtc_route *route,
                             struct oriel_webrtc_session *session);
void oriel_webrtc_router_remove(struct oriel_webrtc_route *route);
/** Its session has another ufrag after a restart; the one before leads to it, too, wherever a check comes from: a client
 *  that was not told of the new one may have moved. */
void oriel_webrtc_router_rename(struct oriel_webrtc_router *router, struct oriel_webrtc_route *route);
/** The route of a datagram; NULL: it is for nobody. Borrowed. */
struct oriel_webrtc_route *oriel_webrtc_router_find(struct oriel_webrtc_router *router,
                                                    const struct oriel_webrtc_address *from, const uint8_t *data,
                                                    size_t size);
/** An authentic check of this route's session came from there: it is its address, unless it is another's that was heard
 *  from there within ORIEL_WEBRTC_OWNED_NS. That one's client may have gone, and a later check then tells. */
void oriel_webrtc_router_learn(struct oriel_webrtc_router *router, struct oriel_webrtc_route *route,
                               const struct oriel_webrtc_address *from, uint64_t now_ns);

#endif
