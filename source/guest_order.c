/* SPDX-License-Identifier: MIT
 *
 * Numbers of datagrams. Pure.
 */
#include "source/guest_order.h"

enum {
  WINDOW = 1000,  /* a step of more than this, either way, is another count */
  STALE_MOST = 20, /* as many in a row that seem old: the sender began anew not far before */
  SEEN_BITS = 64,
};

static enum guest_place start_anew(struct guest_order *order, uint32_t number) {
  *order = (struct guest_order){.begun = true, .newest = number, .seen = 1};
  return GUEST_PLACE_ANEW;
}

enum guest_place guest_order_take(struct guest_order *order, uint32_t number, uint32_t *lost) {
  *lost = 0;
  const uint32_t ahead = number - order->newest, behind = order->newest - number;
  if (!order->begun || (ahead > WINDOW && behind > WINDOW))
    return start_anew(order, number);
  if (ahead && ahead <= WINDOW) {
    order->seen = ahead < SEEN_BITS ? order->seen << ahead | 1 : 1;
    order->newest = number;
    order->stale = 0;
    *lost = ahead - 1;
    return GUEST_PLACE_NEXT;
  }
  if (++order->stale > STALE_MOST)
    return start_anew(order, number);
  const bool was_seen = behind < SEEN_BITS && (order->seen >> behind & 1);
  if (behind < SEEN_BITS)
    order->seen |= UINT64_C(1) << behind;
  return was_seen ? GUEST_PLACE_DUPLICATE : GUEST_PLACE_LATE;
}
