/* SPDX-License-Identifier: MIT
 *
 * Budgets of what a source says. A QEMU that lost its mind may say thousands of things a second, each of which would be
 * a message to every viewer: of each kind the newest waits for its turn. Everything under hub.lock.
 */
#include "desktop/private.h"

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
};

void oriel_hub_notices_init(struct oriel_hub *hub) {
  for (unsigned kind = 0; kind < ORIEL_NOTICES; kind++)
    oriel_pace_init(&hub->notice_pace[kind], budgets[kind].rate, budgets[kind].burst);
}

static void set_due(struct oriel_viewer *viewer, enum oriel_notice kind) {
  switch (kind) {
  case ORIEL_NOTICE_STATE:
    viewer->state_due = true;
    break;
  case ORIEL_NOTICE_ABILITIES:
    viewer->abilities_due = true;
    break;
  case ORIEL_NOTICE_POSITION:
    viewer->position_due = true;
    break;
  case ORIEL_NOTICE_VOLUME:
    viewer->volume_due = true;
    break;
  case ORIEL_NOTICE_MICROPHONE:
    viewer->microphone_due = viewer->can_microphone;
    break;
  case ORIEL_NOTICES:
    break;
  }
}

static void tell(struct oriel_hub *hub, enum oriel_notice kind, uint64_t now_ns) {
  oriel_pace_take(&hub->notice_pace[kind], now_ns);
  hub->notices_waiting &= ~(1u << kind);
  for (unsigned i = 0; i < hub->count; i++)
    set_due(hub->viewers[i], kind);
}

bool oriel_hub_notice_locked(struct oriel_hub *hub, enum oriel_notice kind, uint64_t now_ns) {
  if (oriel_pace_next(&hub->notice_pace[kind], now_ns) <= now_ns) {
    tell(hub, kind, now_ns);
    return true;
  }
  if (!(hub->notices_waiting & 1u << kind))
    oriel_hub_poke_locked(hub, 0); /* the media thread tells it then */
  hub->notices_waiting |= 1u << kind;
  return false;
}

bool oriel_hub_notices_turn_locked(struct oriel_hub *hub, uint64_t now_ns, uint64_t *at_ns) {
  bool told = false;
  *at_ns = 0;
  for (unsigned kind = 0; kind < ORIEL_NOTICES; kind++) {
    if (!(hub->notices_waiting & 1u << kind))
      continue;
    uint64_t at = oriel_pace_next(&hub->notice_pace[kind], now_ns);
    if (at <= now_ns) {
      tell(hub, (enum oriel_notice)kind, now_ns);
      told = true;
    } else if (!*at_ns || at < *at_ns) {
      *at_ns = at;
    }
  }
  return told;
}
