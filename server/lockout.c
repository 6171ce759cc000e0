/* SPDX-License-Identifier: MIT
 *
 * The failure table. Loop thread.
 */
#include "server/lockout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

int oriel_lockout_init(struct oriel_lockout *lockout, unsigned limit, unsigned window_s) {
  *lockout = (struct oriel_lockout){
    .entries = calloc(ORIEL_LOCKOUT_MAX, sizeof *lockout->entries),
    .limit = limit ? limit : 10,
    .window_ns = (window_s ? window_s : 60) * ORIEL_NS_PER_SECOND,
  };
  return lockout->entries ? 0 : -ENOMEM;
}

void oriel_lockout_finish(struct oriel_lockout *lockout) {
  free(lockout->entries);
  lockout->entries = NULL;
}

static struct oriel_lockout_entry *find(const struct oriel_lockout *lockout, const struct oriel_address_key *key) {
  for (size_t i = 0; i < lockout->used; i++) {
    if (memcmp(&lockout->entries[i].key, key, sizeof *key) == 0)
      return &lockout->entries[i];
  }
  return NULL;
}

static struct oriel_lockout_entry *take(struct oriel_lockout *lockout, const struct oriel_address_key *key) {
  struct oriel_lockout_entry *entry = &lockout->entries[0];
  if (lockout->used < ORIEL_LOCKOUT_MAX) {
    entry = &lockout->entries[lockout->used++];
  } else {
    for (size_t i = 1; i < ORIEL_LOCKOUT_MAX; i++) {
      if (lockout->entries[i].touched_ns < entry->touched_ns)
        entry = &lockout->entries[i];
    }
  }
  *entry = (struct oriel_lockout_entry){.key = *key};
  return entry;
}

void oriel_lockout_fail(struct oriel_lockout *lockout, const struct oriel_address_key *key,
                        enum oriel_lockout_kind kind, uint64_t now_ns) {
  struct oriel_lockout_entry *entry = find(lockout, key);
  if (!entry)
    entry = take(lockout, key);
  entry->touched_ns = now_ns;
  if (entry->window_end_ns[kind] <= now_ns) {
    entry->window_end_ns[kind] = now_ns + lockout->window_ns;
    entry->failures[kind] = 0;
  }
  entry->failures[kind]++;
}

unsigned oriel_lockout_wait(const struct oriel_lockout *lockout, const struct oriel_address_key *key,
                            enum oriel_lockout_kind kind, uint64_t now_ns) {
  const struct oriel_lockout_entry *entry = find(lockout, key);
  if (!entry || entry->window_end_ns[kind] <= now_ns || entry->failures[kind] < lockout->limit)
    return 0;
  return (unsigned)((entry->window_end_ns[kind] - now_ns + ORIEL_NS_PER_SECOND - 1) / ORIEL_NS_PER_SECOND);
}
