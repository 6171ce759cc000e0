/* SPDX-License-Identifier: MIT
 *
 * Damage log: what changed since each of any number of readers looked last. A writer adds; a reader keeps the serial up
 * to which it has seen everything. Changes that no reader told apart share an entry; when all entries are used the two
 * oldest become one, so that a slow reader gets somewhat more than what changed, and never less.
 *
 * Thread-safety: none; the owner's lock guards log and serials.
 */
#ifndef ORIEL_CORE_DAMAGE_LOG_H
#define ORIEL_CORE_DAMAGE_LOG_H

#include "core/damage.h"

enum { ORIEL_DAMAGE_LOG_ENTRIES = 32 }; /* half a second of a reader that takes 60 pictures a second */

struct oriel_damage_log {
  struct oriel_damage_entry {
    uint64_t serial;      /* readers with a lower one have not seen all of it */
    uint64_t captured_ns; /* when the oldest of it arrived */
    struct oriel_damage damage;
  } entries[ORIEL_DAMAGE_LOG_ENTRIES]; /* a ring, oldest at `first` */
  unsigned first, count;
  uint64_t serial;          /* of the newest change; 0 = there was none */
  uint64_t base;            /* readers with a lower serial are told that all of `whole` changed */
  uint64_t base_ns;         /* when that arrived */
  bool read;                /* somebody has seen the newest entry: the next change begins another */
  struct oriel_rect whole;
};

/** Another picture: everything changed, for every reader. An all-zero log is one of an empty picture. */
void oriel_damage_log_reset(struct oriel_damage_log *log, struct oriel_rect whole, uint64_t captured_ns);
/** `rect`, which lies in the picture, changed; arrived at captured_ns, not 0. */
void oriel_damage_log_add(struct oriel_damage_log *log, struct oriel_rect rect, uint64_t captured_ns);
/** What changed after `serial` (0 = the reader has seen nothing), and when the oldest of it arrived; 0 and no damage if
 *  nothing did. */
uint64_t oriel_damage_log_since(const struct oriel_damage_log *log, uint64_t serial, struct oriel_damage *damage);
/** True when something changed after `serial`. */
bool oriel_damage_log_changed(const struct oriel_damage_log *log, uint64_t serial);
/** A reader takes note of all that is in the log: returns its new serial. */
uint64_t oriel_damage_log_take(struct oriel_damage_log *log);

#endif
