/* SPDX-License-Identifier: MIT
 *
 * Facts by name, notices by version. Any thread.
 */
#include "desktop/bulletin.h"

#include <errno.h>
#include <string.h>

/* A guest may define cursors faster than a line carries them. Animated ones change 60 times a second at most and are
 * small; a large shape counts as several, so that all of them cost a line at most 480 KiB/s. */
enum { CURSOR_COUNT_SIZE = 8192 };

/* A cursor's position once per 8 ms: no screen shows more. The rest changes as fast as people and guests that work
 * do. */
static const struct {
  uint32_t rate; /* a second, on average */
  unsigned burst;
} budgets[ORIEL_NOTICES] = {
  [ORIEL_NOTICE_STATE] = {20, 16},
  [ORIEL_NOTICE_ABILITIES] = {10, 8},
  [ORIEL_NOTICE_POSITION] = {125, 1},
  [ORIEL_NOTICE_VOLUME] = {30, 8},
  [ORIEL_NOTICE_MICROPHONE] = {10, 8},
  [ORIEL_NOTICE_CURSOR] = {60, 32},
};

#define MEMBER(name) offsetof(struct oriel_facts, name), sizeof((struct oriel_facts *)0)->name

static const struct {
  size_t offset, size;
  enum oriel_notice notice;
} facts[ORIEL_FACTS] = {
  [ORIEL_FACT_SOURCE] = {MEMBER(source), ORIEL_NOTICE_STATE},
  [ORIEL_FACT_ABSOLUTE_POINTER] = {MEMBER(absolute_pointer), ORIEL_NOTICE_STATE},
  [ORIEL_FACT_SIZE] = {MEMBER(size), ORIEL_NOTICE_STATE},
  [ORIEL_FACT_ABILITIES] = {MEMBER(abilities), ORIEL_NOTICE_ABILITIES},
  [ORIEL_FACT_POSITION] = {MEMBER(position), ORIEL_NOTICE_POSITION},
  [ORIEL_FACT_VOLUME] = {MEMBER(volume), ORIEL_NOTICE_VOLUME},
  [ORIEL_FACT_MICROPHONE_SOURCE] = {MEMBER(microphone_source), ORIEL_NOTICE_MICROPHONE},
  [ORIEL_FACT_MICROPHONE_GUEST] = {MEMBER(microphone_guest), ORIEL_NOTICE_MICROPHONE},
  [ORIEL_FACT_MICROPHONE_OWNER] = {MEMBER(microphone_owner), ORIEL_NOTICE_MICROPHONE},
  [ORIEL_FACT_CLIPBOARD_END] = {MEMBER(clipboard_end), ORIEL_NOTICE_ABILITIES},
};

int oriel_bulletin_init(struct oriel_bulletin *bulletin) {
  if (pthread_mutex_init(&bulletin->lock, NULL))
    return -ENOMEM;
  for (unsigned notice = 0; notice < ORIEL_NOTICES; notice++)
    oriel_rate_limit_init(&bulletin->pace[notice], budgets[notice].rate, budgets[notice].burst);
  bulletin->facts.absolute_pointer = true;
  bulletin->version[ORIEL_NOTICE_STATE] = bulletin->version[ORIEL_NOTICE_MICROPHONE] = 1;
  atomic_init(&bulletin->told, 1);
  return 0;
}

void oriel_bulletin_finish(struct oriel_bulletin *bulletin) {
  oriel_packet_unref(bulletin->cursor);
  oriel_packet_unref(bulletin->next_cursor);
  pthread_mutex_destroy(&bulletin->lock);
}

/* Returns the shape that is none any more, for the caller to release without the lock. */
static struct oriel_packet *show_cursor(struct oriel_bulletin *bulletin, uint64_t now_ns) {
  struct oriel_packet *old = bulletin->cursor;
  bulletin->cursor = bulletin->next_cursor;
  bulletin->next_cursor = NULL;
  for (size_t size = CURSOR_COUNT_SIZE; size < bulletin->cursor->size; size += CURSOR_COUNT_SIZE)
    oriel_rate_limit_take(&bulletin->pace[ORIEL_NOTICE_CURSOR], now_ns); /* beyond the one that each notice counts as */
  return old;
}

static struct oriel_packet *tell(struct oriel_bulletin *bulletin, unsigned notice, uint64_t now_ns) {
  oriel_rate_limit_take(&bulletin->pace[notice], now_ns);
  bulletin->waiting &= ~(1u << notice);
  if (!++bulletin->version[notice])
    bulletin->version[notice] = 1; /* 0 means that there is nothing to tell */
  atomic_fetch_add_explicit(&bulletin->told, 1, memory_order_release); /* pairs with the load in is_current */
  return notice == ORIEL_NOTICE_CURSOR ? show_cursor(bulletin, now_ns) : NULL;
}

static enum oriel_posted post(struct oriel_bulletin *bulletin, unsigned notice, uint64_t now_ns,
                              struct oriel_packet **old) {
  if (oriel_rate_limit_next(&bulletin->pace[notice], now_ns) <= now_ns) {
    *old = tell(bulletin, notice, now_ns);
    return ORIEL_POSTED_NEWS;
  }
  const bool waits = bulletin->waiting & 1u << notice;
  bulletin->waiting |= 1u << notice;
  return waits ? ORIEL_POSTED_NOTHING : ORIEL_POSTED_LATER;
}

enum oriel_posted oriel_bulletin_post(struct oriel_bulletin *bulletin, enum oriel_fact fact, const void *value,
                                      uint64_t now_ns) {
  struct oriel_packet *none = NULL;
  enum oriel_posted posted = ORIEL_POSTED_NOTHING;
  pthread_mutex_lock(&bulletin->lock);
  void *place = (char *)&bulletin->facts + facts[fact].offset;
  const bool news = memcmp(place, value, facts[fact].size) || !bulletin->version[facts[fact].notice];
  memcpy(place, value, facts[fact].size);
  if (news)
    posted = post(bulletin, facts[fact].notice, now_ns, &none);
  pthread_mutex_unlock(&bulletin->lock);
  return posted;
}

enum oriel_posted oriel_bulletin_post_cursor(struct oriel_bulletin *bulletin, struct oriel_packet *shape,
                                             uint64_t now_ns) {
  struct oriel_packet *old = NULL;
  pthread_mutex_lock(&bulletin->lock);
  struct oriel_packet *missed = bulletin->next_cursor;
  bulletin->next_cursor = oriel_packet_ref(shape);
  bulletin->facts.cursor_apart = true;
  const enum oriel_posted posted = post(bulletin, ORIEL_NOTICE_CURSOR, now_ns, &old);
  pthread_mutex_unlock(&bulletin->lock);
  oriel_packet_unref(missed);
  oriel_packet_unref(old);
  return posted;
}

bool oriel_bulletin_turn(struct oriel_bulletin *bulletin, uint64_t now_ns, uint64_t *at_ns) {
  struct oriel_packet *old = NULL;
  bool told = false;
  *at_ns = 0;
  pthread_mutex_lock(&bulletin->lock);
  for (unsigned notice = 0; notice < ORIEL_NOTICES && bulletin->waiting; notice++) {
    if (!(bulletin->waiting & 1u << notice))
      continue;
    const uint64_t at = oriel_rate_limit_next(&bulletin->pace[notice], now_ns);
    if (at <= now_ns) {
      old = tell(bulletin, notice, now_ns); /* the cursor's comes last */
      told = true;
    } else if (!*at_ns || at < *at_ns) {
      *at_ns = at;
    }
  }
  pthread_mutex_unlock(&bulletin->lock);
  oriel_packet_unref(old);
  return told;
}

void oriel_bulletin_read(struct oriel_bulletin *bulletin, struct oriel_facts *copy) {
  pthread_mutex_lock(&bulletin->lock);
  *copy = bulletin->facts;
  pthread_mutex_unlock(&bulletin->lock);
}

enum oriel_microphone_use oriel_facts_microphone(const struct oriel_facts *known) {
  return known->microphone_guest ? ORIEL_MICROPHONE_TAKEN : known->microphone_source;
}

struct oriel_source_abilities oriel_facts_abilities(const struct oriel_facts *known) {
  struct oriel_source_abilities abilities = known->abilities;
  abilities.clipboard_in =
    (abilities.clipboard_in || known->clipboard_end) && (known->clipboard & ORIEL_CLIPBOARD_TO_GUEST);
  abilities.clipboard_out =
    (abilities.clipboard_out || known->clipboard_end) && (known->clipboard & ORIEL_CLIPBOARD_FROM_GUEST);
  return abilities;
}

/* ---- readers ---- */

static bool is_current(struct oriel_bulletin *bulletin, const struct oriel_bulletin_seen *seen) {
  /* pairs with the addition in tell: who sees the count sees what was told by taking the lock */
  return (uint32_t)atomic_load_explicit(&bulletin->told, memory_order_acquire) == seen->told;
}

/* The first of `notices` with news; ORIEL_NOTICES = none. The lock is held. */
static unsigned first_due(const struct oriel_bulletin *bulletin, const struct oriel_bulletin_seen *seen,
                          unsigned notices) {
  unsigned notice = 0;
  notices &= seen->wanted;
  while (notice < ORIEL_NOTICES &&
         (!(notices & 1u << notice) || seen->version[notice] == bulletin->version[notice]))
    notice++;
  return notice;
}

bool oriel_bulletin_due(struct oriel_bulletin *bulletin, const struct oriel_bulletin_seen *seen, unsigned notices) {
  if (is_current(bulletin, seen))
    return false;
  pthread_mutex_lock(&bulletin->lock);
  const bool due = first_due(bulletin, seen, notices) < ORIEL_NOTICES;
  pthread_mutex_unlock(&bulletin->lock);
  return due;
}

static void describe(const struct oriel_bulletin *bulletin, unsigned notice, struct oriel_delivery *delivery) {
  const struct oriel_facts *known = &bulletin->facts;
  switch (notice) {
  case ORIEL_NOTICE_STATE:
    delivery->type = ORIEL_DELIVERY_STATE;
    delivery->state.state = known->source.state;
    delivery->state.absolute_pointer = known->absolute_pointer;
    delivery->state.width = known->size.width;
    delivery->state.height = known->size.height;
    memcpy(delivery->state.detail, known->source.detail, sizeof delivery->state.detail);
    break;
  case ORIEL_NOTICE_ABILITIES:
    delivery->type = ORIEL_DELIVERY_ABILITIES;
    delivery->abilities = oriel_facts_abilities(known);
    break;
  case ORIEL_NOTICE_POSITION:
    delivery->type = ORIEL_DELIVERY_CURSOR_POSITION;
    delivery->cursor_position = known->position;
    break;
  case ORIEL_NOTICE_VOLUME:
    delivery->type = ORIEL_DELIVERY_VOLUME;
    delivery->volume = known->volume;
    break;
  case ORIEL_NOTICE_MICROPHONE:
    delivery->type = ORIEL_DELIVERY_MICROPHONE;
    delivery->microphone.use = oriel_facts_microphone(known);
    delivery->microphone.owner = known->microphone_owner;
    break;
  default:
    delivery->type = ORIEL_DELIVERY_CURSOR;
    delivery->packet = oriel_packet_ref(bulletin->cursor);
    break;
  }
}

bool oriel_bulletin_take(struct oriel_bulletin *bulletin, struct oriel_bulletin_seen *seen, unsigned notices,
                         struct oriel_delivery *delivery) {
  if (is_current(bulletin, seen))
    return false;
  pthread_mutex_lock(&bulletin->lock);
  const unsigned notice = first_due(bulletin, seen, notices);
  if (notice < ORIEL_NOTICES) {
    describe(bulletin, notice, delivery);
    seen->version[notice] = bulletin->version[notice];
  }
  if (first_due(bulletin, seen, ORIEL_NOTICES_ALL) == ORIEL_NOTICES)
    seen->told = (uint32_t)atomic_load_explicit(&bulletin->told, memory_order_relaxed); /* written under the lock */
  pthread_mutex_unlock(&bulletin->lock);
  return notice < ORIEL_NOTICES;
}

void oriel_bulletin_skip(struct oriel_bulletin *bulletin, struct oriel_bulletin_seen *seen, unsigned notices) {
  pthread_mutex_lock(&bulletin->lock);
  for (unsigned notice = 0; notice < ORIEL_NOTICES; notice++)
    if (notices & 1u << notice)
      seen->version[notice] = bulletin->version[notice];
  pthread_mutex_unlock(&bulletin->lock);
}
