/* SPDX-License-Identifier: MIT
 *
 * From datagrams to sessions. Network thread.
 */
#include "webrtc/router.h"

#include <string.h>

#include "core/hash.h"

enum { STUN_LAST = 3 }; /* RFC 7983 */

static struct oriel_list *bucket(struct oriel_list *buckets, const void *key, size_t size) {
  return &buckets[oriel_hash(key, size) % ORIEL_WEBRTC_BUCKETS];
}

void oriel_webrtc_router_init(struct oriel_webrtc_router *router) {
  for (unsigned i = 0; i < ORIEL_WEBRTC_BUCKETS; i++) {
    oriel_list_init(&router->by_ufrag[i]);
    oriel_list_init(&router->by_address[i]);
  }
}

void oriel_webrtc_router_add(struct oriel_webrtc_router *router, struct oriel_webrtc_route *route,
                             struct oriel_webrtc_session *session) {
  *route = (struct oriel_webrtc_route){.session = session, .now.route = route, .before.route = route};
  oriel_list_init(&route->now.node);
  oriel_list_init(&route->before.node);
  for (unsigned i = 0; i < ORIEL_WEBRTC_WAYS; i++) {
    oriel_list_init(&route->ways[i].node);
    route->ways[i].route = route;
  }
  oriel_webrtc_router_rename(router, route);
}

void oriel_webrtc_router_remove(struct oriel_webrtc_route *route) {
  oriel_list_remove(&route->now.node);
  oriel_list_remove(&route->before.node);
  for (unsigned i = 0; i < ORIEL_WEBRTC_WAYS; i++)
    oriel_list_remove(&route->ways[i].node);
}

static void give_name(struct oriel_webrtc_router *router, struct oriel_webrtc_name *name, const char *ufrag) {
  oriel_list_remove(&name->node);
  memcpy(name->ufrag, ufrag, sizeof name->ufrag);
  if (name->ufrag[0])
    oriel_list_append(bucket(router->by_ufrag, name->ufrag, ORIEL_ICE_UFRAG_SIZE), &name->node);
}

void oriel_webrtc_router_rename(struct oriel_webrtc_router *router, struct oriel_webrtc_route *route) {
  give_name(router, &route->now, oriel_webrtc_session_ufrag(route->session));
  give_name(router, &route->before, oriel_webrtc_session_ufrag_before(route->session));
}

static struct oriel_webrtc_route *find_ufrag(struct oriel_webrtc_router *router, const char *ufrag, size_t size) {
  if (!ufrag || size != ORIEL_ICE_UFRAG_SIZE)
    return NULL;
  const struct oriel_list *head = bucket(router->by_ufrag, ufrag, size);
  struct oriel_list *node;
  oriel_list_each(node, head) {
    const struct oriel_webrtc_name *name = oriel_list_entry(node, struct oriel_webrtc_name, node);
    if (memcmp(name->ufrag, ufrag, size) == 0)
      return name->route;
  }
  return NULL;
}

static struct oriel_webrtc_route *find_address(struct oriel_webrtc_router *router,
                                               const struct oriel_webrtc_address *from) {
  const struct oriel_list *head = bucket(router->by_address, from, sizeof *from);
  struct oriel_list *node;
  oriel_list_each(node, head) {
    const struct oriel_webrtc_way *way = oriel_list_entry(node, struct oriel_webrtc_way, node);
    if (oriel_webrtc_address_equal(&way->from, from))
      return way->route;
  }
  return NULL;
}

struct oriel_webrtc_route *oriel_webrtc_router_find(struct oriel_webrtc_router *router,
                                                    const struct oriel_webrtc_address *from, const uint8_t *data,
                                                    size_t size) {
  struct oriel_stun_message message;
  size_t ufrag_size = 0;
  if (size == 0 || data[0] > STUN_LAST)
    return find_address(router, from);
  if (oriel_stun_read(data, size, &message) < 0)
    return NULL;
  const char *ufrag = oriel_ice_target(&message, &ufrag_size);
  struct oriel_webrtc_route *route = find_ufrag(router, ufrag, ufrag_size);
  return route ? route : find_address(router, from); /* an answer or indication names nobody */
}

/** The one of this address; else one of none, or of an address that the session has forgotten. A session remembers as
 *  many as there are ways, this one among them: one of the two is there. */
static struct oriel_webrtc_way *choose_way(struct oriel_webrtc_route *route, const struct oriel_webrtc_address *from) {
  struct oriel_webrtc_way *free_way = &route->ways[0];
  for (unsigned i = 0; i < ORIEL_WEBRTC_WAYS; i++) {
    struct oriel_webrtc_way *way = &route->ways[i];
    if (oriel_webrtc_address_equal(&way->from, from))
      return way;
    if (!way->from.size || !oriel_webrtc_session_heard_ns(route->session, &way->from))
      free_way = way;
  }
  return free_way;
}

void oriel_webrtc_router_learn(struct oriel_webrtc_router *router, struct oriel_webrtc_route *route,
                               const struct oriel_webrtc_address *from, uint64_t now_ns) {
  const struct oriel_webrtc_route *owner = find_address(router, from);
  if (owner == route)
    return;
  if (owner && now_ns - oriel_webrtc_session_heard_ns(owner->session, from) < ORIEL_WEBRTC_OWNED_NS)
    return;
  struct oriel_webrtc_way *way = choose_way(route, from);
  oriel_list_remove(&way->node);
  way->from = *from;
  /* In front: who proved itself there last is who is there now. */
  struct oriel_list *head = bucket(router->by_address, from, sizeof *from);
  oriel_list_append(head->next, &way->node);
}
