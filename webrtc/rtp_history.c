/* SPDX-License-Identifier: MIT
 *
 * A ring of units by time. Called by the network thread.
 */
#include "webrtc/rtp_history.h"

#include <assert.h>

#include "webrtc/rtp_unit.h"

void oriel_rtp_history_init(struct oriel_rtp_history *history) {
  *history = (struct oriel_rtp_history){.count = 0};
}

static void drop_oldest(struct oriel_rtp_history *history) {
  struct oriel_rtp_unit *unit = history->units[history->oldest];
  history->units[history->oldest] = NULL;
  history->oldest = (history->oldest + 1) % ORIEL_RTP_HISTORY_UNITS;
  history->count--;
  history->size -= unit->size;
  oriel_rtp_unit_unref(unit);
}

void oriel_rtp_history_finish(struct oriel_rtp_history *history) {
  while (history->count)
    drop_oldest(history);
}

static struct oriel_rtp_unit *at(const struct oriel_rtp_history *history, unsigned index) {
  return history->units[(history->oldest + index) % ORIEL_RTP_HISTORY_UNITS];
}

void oriel_rtp_history_add(struct oriel_rtp_history *history, struct oriel_rtp_unit *unit, uint64_t now_ns) {
  assert(!unit->added_ns && unit->count);
  while (history->count && at(history, 0)->added_ns + ORIEL_RTP_HISTORY_NS < now_ns)
    drop_oldest(history);
  while (history->count == ORIEL_RTP_HISTORY_UNITS ||
         (history->count && history->size + unit->size > ORIEL_RTP_HISTORY_MAX))
    drop_oldest(history);
  unit->added_ns = now_ns;
  unit->first = history->next;
  history->next += unit->count;
  history->size += unit->size;
  history->units[(history->oldest + history->count++) % ORIEL_RTP_HISTORY_UNITS] = oriel_rtp_unit_ref(unit);
}

struct oriel_rtp_unit *oriel_rtp_history_find(const struct oriel_rtp_history *history, uint32_t number,
                                              uint32_t *index) {
  if (!history->count)
    return NULL;
  const uint32_t start = at(history, 0)->first;
  if (number - start >= history->next - start)
    return NULL;
  unsigned low = 0, high = history->count; /* the unit is in [low, high) */
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    if (number - start >= at(history, middle)->first - start)
      low = middle;
    else
      high = middle;
  }
  *index = number - at(history, low)->first;
  return at(history, low);
}
