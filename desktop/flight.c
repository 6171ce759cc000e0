/* SPDX-License-Identifier: MIT
 *
 * See flight.h. Pure.
 */
#include "desktop/flight.h"

#include "core/clock.h"

static const uint64_t stalled_ns = 5 * ORIEL_NS_PER_SECOND; /* a picture not received for so long: nobody is there */

unsigned oriel_flight_window(uint32_t rtt_us, uint32_t fps) {
  uint64_t rtt = rtt_us ? rtt_us : ORIEL_RTT_UNKNOWN_US;
  uint64_t on_the_way = (rtt * 5 / 4 * fps + 999999) / 1000000;
  uint64_t window = on_the_way + 2;
  return window > ORIEL_WINDOW_MAX ? ORIEL_WINDOW_MAX : (unsigned)window;
}

void oriel_minimum_add(struct oriel_minimum *minimum, int64_t value, uint64_t now_ns) {
  uint64_t second = now_ns / ORIEL_NS_PER_SECOND + 1;
  unsigned slot = (unsigned)(second % ORIEL_MINIMUM_SECONDS);
  if (minimum->second[slot] != second || value < minimum->value[slot])
    minimum->value[slot] = value;
  minimum->second[slot] = second;
}

bool oriel_minimum_read(const struct oriel_minimum *minimum, uint64_t now_ns, int64_t *value) {
  uint64_t second = now_ns / ORIEL_NS_PER_SECOND + 1;
  bool found = false;
  int64_t least = 0;
  for (unsigned slot = 0; slot < ORIEL_MINIMUM_SECONDS; slot++) {
    if (!minimum->second[slot] || minimum->second[slot] + ORIEL_MINIMUM_SECONDS <= second)
      continue;
    if (!found || minimum->value[slot] < least)
      least = minimum->value[slot];
    found = true;
  }
  if (found)
    *value = least;
  return found;
}

bool oriel_flight_has_room(const struct oriel_flight *flight, uint32_t fps, uint64_t now_ns) {
  const uint64_t in_flight = flight->sent_count - flight->received_count;
  if (flight->held)
    return false;
  if (in_flight && now_ns > oriel_flight_oldest_ns(flight) + stalled_ns)
    return false;
  return in_flight < oriel_flight_window(flight->rtt_us, fps) &&
         flight->received_count - flight->decoded_count <= ORIEL_DECODE_BACKLOG_MAX;
}

uint64_t oriel_flight_oldest_ns(const struct oriel_flight *flight) {
  if (flight->sent_count == flight->received_count)
    return 0;
  return flight->sent[flight->received_count % ORIEL_SENT_RING].taken_ns;
}

void oriel_flight_depart(struct oriel_flight *flight, const struct oriel_packet *packet, bool timed, uint64_t now_ns) {
  flight->sent[flight->sent_count++ % ORIEL_SENT_RING] = (struct oriel_sent){
    .sequence = packet->sequence,
    .timed = timed,
    .captured_ns = packet->captured_ns,
    .taken_ns = now_ns,
  };
}

void oriel_flight_forget(struct oriel_flight *flight) {
  flight->received_count = flight->decoded_count = flight->sent_count;
}

static uint64_t oldest_kept(const struct oriel_flight *flight) {
  return flight->sent_count > ORIEL_SENT_RING ? flight->sent_count - ORIEL_SENT_RING : 0;
}

struct oriel_sent *oriel_flight_find(struct oriel_flight *flight, uint32_t sequence) {
  for (uint64_t i = flight->sent_count; i > oldest_kept(flight); i--) {
    struct oriel_sent *sent = &flight->sent[(i - 1) % ORIEL_SENT_RING];
    if (sent->sequence == sequence)
      return sent;
  }
  return NULL;
}

/* How many pictures the viewer has when it has all up to `sequence`: a position after the newest one not above it. */
static uint64_t position(const struct oriel_flight *flight, uint32_t sequence, uint64_t least) {
  const uint64_t kept = oldest_kept(flight), oldest = least > kept ? least : kept;
  for (uint64_t i = flight->sent_count; i > oldest; i--)
    if ((int32_t)(sequence - flight->sent[(i - 1) % ORIEL_SENT_RING].sequence) >= 0)
      return i;
  return least;
}

struct oriel_sent *oriel_flight_receive(struct oriel_flight *flight, uint32_t sequence) {
  const uint64_t at = position(flight, sequence, flight->received_count);
  if (at == flight->received_count)
    return NULL;
  flight->received_count = at;
  return oriel_flight_find(flight, sequence);
}

struct oriel_sent *oriel_flight_decode(struct oriel_flight *flight, uint32_t sequence) {
  uint64_t at = position(flight, sequence, flight->decoded_count);
  if (at > flight->received_count)
    at = flight->received_count;
  if (at == flight->decoded_count)
    return NULL;
  flight->decoded_count = at;
  return oriel_flight_find(flight, sequence);
}

struct oriel_sent *oriel_flight_paint(struct oriel_flight *flight, uint32_t sequence, uint64_t now_ns) {
  struct oriel_sent *sent = sequence == flight->painted_sequence ? NULL : oriel_flight_find(flight, sequence);
  if (!sent)
    return NULL;
  flight->painted_sequence = sequence;
  flight->paints_ns[flight->painted++ % ORIEL_PAINT_RING] = now_ns;
  return sent;
}

uint32_t oriel_flight_paints(const struct oriel_flight *flight, uint64_t now_ns) {
  uint32_t count = 0;
  for (unsigned i = 0; i < ORIEL_PAINT_RING; i++)
    if (flight->paints_ns[i] && flight->paints_ns[i] + ORIEL_NS_PER_SECOND > now_ns)
      count++;
  return count;
}
