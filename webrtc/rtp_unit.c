/* SPDX-License-Identifier: MIT
 *
 * One allocation a unit, none a packet. Called by the network thread.
 */
#include "webrtc/rtp_unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct oriel_rtp_unit *oriel_rtp_unit_create(size_t packets, size_t bytes) {
  if (!packets || packets > ORIEL_RTP_UNIT_MAX / 64 || bytes > ORIEL_RTP_UNIT_MAX)
    return NULL;
  const size_t head = sizeof(struct oriel_rtp_unit) + packets * sizeof(uint32_t);
  struct oriel_rtp_unit *unit = malloc(head + bytes);
  if (!unit)
    return NULL;
  *unit = (struct oriel_rtp_unit){.refs = 1, .room = (uint32_t)packets, .capacity = bytes,
                                   .data = (uint8_t *)unit + head};
  return unit;
}

struct oriel_rtp_unit *oriel_rtp_unit_ref(struct oriel_rtp_unit *unit) {
  unit->refs++;
  return unit;
}

void oriel_rtp_unit_unref(struct oriel_rtp_unit *unit) {
  if (unit && !--unit->refs)
    free(unit);
}

void oriel_rtp_unit_append(struct oriel_rtp_unit *unit, const void *data, size_t size) {
  assert(size <= unit->capacity - unit->size);
  if (size)
    memcpy(unit->data + unit->size, data, size);
  unit->size += size;
}

void oriel_rtp_unit_end_packet(struct oriel_rtp_unit *unit) {
  assert(unit->count < unit->room);
  unit->ends[unit->count++] = (uint32_t)unit->size;
}

const uint8_t *oriel_rtp_unit_payload(const struct oriel_rtp_unit *unit, uint32_t index, size_t *size) {
  assert(index < unit->count);
  const uint32_t start = index ? unit->ends[index - 1] : 0;
  *size = unit->ends[index] - start;
  return unit->data + start;
}
