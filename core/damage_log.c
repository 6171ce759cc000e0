/* SPDX-License-Identifier: MIT
 *
 * A ring of damage by serial numbers. Called under its owner's lock.
 */
#include "core/damage_log.h"

#include <assert.h>

static struct oriel_damage_entry *entry_at(struct oriel_damage_log *log, unsigned index) {
  return &log->entries[(log->first + index) % ORIEL_DAMAGE_LOG_ENTRIES];
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns) {
  return a_ns < b_ns ? a_ns : b_ns;
}

void oriel_damage_log_reset(struct oriel_damage_log *log, struct oriel_rect whole, uint64_t captured_ns) {
  assert(captured_ns);
  log->first = log->count = 0;
  log->base = ++log->serial;
  log->base_ns = captured_ns;
  log->whole = whole;
  log->read = true;
}

/* Who has seen the older of the two, and not the newer, is told of both. */
static void merge_oldest(struct oriel_damage_log *log) {
  const struct oriel_damage_entry *oldest = entry_at(log, 0);
  struct oriel_damage_entry *next = entry_at(log, 1);
  oriel_damage_merge(&next->damage, &oldest->damage);
  next->captured_ns = earlier(next->captured_ns, oldest->captured_ns);
  log->first = (log->first + 1) % ORIEL_DAMAGE_LOG_ENTRIES;
  log->count--;
}

void oriel_damage_log_add(struct oriel_damage_log *log, struct oriel_rect rect, uint64_t captured_ns) {
  assert(captured_ns && log->base);
  if (log->read) {
    if (log->count == ORIEL_DAMAGE_LOG_ENTRIES)
      merge_oldest(log);
    *entry_at(log, log->count++) = (struct oriel_damage_entry){.serial = ++log->serial, .captured_ns = captured_ns};
    log->read = false;
  }
  struct oriel_damage_entry *newest = entry_at(log, log->count - 1);
  oriel_damage_add(&newest->damage, rect);
  newest->captured_ns = earlier(newest->captured_ns, captured_ns);
}

bool oriel_damage_log_changed(const struct oriel_damage_log *log, uint64_t serial) {
  return serial < log->serial;
}

uint64_t oriel_damage_log_since(const struct oriel_damage_log *log, uint64_t serial, struct oriel_damage *damage) {
  uint64_t since_ns = 0;
  oriel_damage_clear(damage);
  if (serial < log->base) {
    oriel_damage_add(damage, log->whole);
    since_ns = log->base_ns;
  }
  for (unsigned i = log->count; i > 0; i--) {
    const struct oriel_damage_entry *entry = &log->entries[(log->first + i - 1) % ORIEL_DAMAGE_LOG_ENTRIES];
    if (entry->serial <= serial)
      break;
    oriel_damage_merge(damage, &entry->damage);
    since_ns = since_ns ? earlier(since_ns, entry->captured_ns) : entry->captured_ns;
  }
  return since_ns;
}

uint64_t oriel_damage_log_take(struct oriel_damage_log *log) {
  log->read = true;
  return log->serial;
}
