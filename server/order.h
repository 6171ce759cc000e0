/* SPDX-License-Identifier: MIT
 *
 * The body of POST /api/v1/desktops: which desktop to add. Thread-safety: none needed; an order has one owner.
 */
#ifndef ORIEL_SERVER_ORDER_H
#define ORIEL_SERVER_ORDER_H

#include <stddef.h>

enum {
  ORIEL_ORDER_MAX = 4096,        /* bytes of the body */
  ORIEL_ORDER_ADDRESS_MAX = 1024,
  ORIEL_ORDER_OPTIONS_MAX = 32,
  ORIEL_ORDER_OPTION_MAX = 600,  /* bytes of one, with its key */
};

struct oriel_order {
  char *name;    /* as it came: what may be a name says the server */
  char *address; /* 1..ORIEL_ORDER_ADDRESS_MAX bytes */
  char *options[ORIEL_ORDER_OPTIONS_MAX + 1]; /* "key=value", ended by NULL; in the order of the body */
};

/** {"name": "...", "address": "...", "options": {"key": "value", "other": 30, "third": true}}; options may be missing;
 *  no other member, nothing twice, no control characters. Keys are of a-z and "-", begin with a letter and have at most
 *  32 of them; true and false become "yes" and "no". 0, and then finish wipes and frees it, since values may be tokens;
 *  -EINVAL with a sentence in `why`, which repeats nothing of the body; -ENOMEM. */
int oriel_order_parse(const char *body, size_t size, struct oriel_order *order, char *why, size_t why_size);
void oriel_order_finish(struct oriel_order *order);

#endif
