/* SPDX-License-Identifier: MIT
 *
 * The order of numbered datagrams: which one is next, late, or here for the second time. Pure; whoever owns the values
 * has the thread.
 */
#ifndef ORIEL_SOURCE_GUEST_ORDER_H
#define ORIEL_SOURCE_GUEST_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/** All zero: nothing came yet. */
struct guest_order {
  bool begun;
  uint32_t newest;
  uint64_t seen;  /* bit n: newest - n came */
  unsigned stale; /* datagrams in a row that were late or double */
};

enum guest_place {
  GUEST_PLACE_NEXT,      /* `lost` numbers before it did not come */
  GUEST_PLACE_LATE,      /* one that was given up */
  GUEST_PLACE_DUPLICATE, /* came before */
  GUEST_PLACE_ANEW,      /* the sender counts from somewhere else now */
};

/** `lost` is 0 but for NEXT. */
enum guest_place guest_order_take(struct guest_order *order, uint32_t number, uint32_t *lost);

#endif
