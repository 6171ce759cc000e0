/* SPDX-License-Identifier: MIT
 *
 * Failed credentials per client address, in fixed windows, for the 1024 addresses that failed last. Thread-safety: one
 * owner, the loop thread.
 *
 * Tokens (POST /session and bearer) and cookies count apart: a page left open over a restart of the server retries with
 * a cookie nobody knows any more, and must not lock its user out of typing the right token. Requests without any
 * credential are refused but do not count: they guess nothing.
 */
#ifndef ORIEL_SERVER_LOCKOUT_H
#define ORIEL_SERVER_LOCKOUT_H

#include <stddef.h>
#include <stdint.h>

#include "server/address.h"

enum { ORIEL_LOCKOUT_MAX = 1024 };

enum oriel_lockout_kind { ORIEL_LOCKOUT_TOKEN, ORIEL_LOCKOUT_COOKIE, ORIEL_LOCKOUT_KINDS };

struct oriel_lockout_entry {
  struct oriel_address_key key;
  uint64_t touched_ns; /* 0 = free; the least recent makes room */
  uint64_t window_end_ns[ORIEL_LOCKOUT_KINDS];
  unsigned failures[ORIEL_LOCKOUT_KINDS];
};

struct oriel_lockout {
  struct oriel_lockout_entry *entries; /* ORIEL_LOCKOUT_MAX */
  size_t used;                         /* entries ever taken; the search ends there */
  unsigned limit;
  uint64_t window_ns;
};

/** `limit` failures in `window_s` seconds lock an address for the rest of the window. 0, -ENOMEM. */
int oriel_lockout_init(struct oriel_lockout *lockout, unsigned limit, unsigned window_s);
void oriel_lockout_finish(struct oriel_lockout *lockout);
/** Counts one failure. */
void oriel_lockout_fail(struct oriel_lockout *lockout, const struct oriel_address_key *key,
                        enum oriel_lockout_kind kind, uint64_t now_ns);
/** Whole seconds, at least 1, until the address may try again; 0 = now. */
unsigned oriel_lockout_wait(const struct oriel_lockout *lockout, const struct oriel_address_key *key,
                            enum oriel_lockout_kind kind, uint64_t now_ns);

#endif
