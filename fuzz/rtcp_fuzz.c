/* SPDX-License-Identifier: MIT
 *
 * Compound RTCP: all items of all kinds are read, none without end, and transport-wide feedback gives as many statuses
 * as it counts.
 */
#include <stdint.h>
#include <stdlib.h>

#include "webrtc/estimate.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(struct oriel_estimate *estimate, struct oriel_rtcp_transport *transport) {
  const uint64_t start_ns = 1000000000000ull, step_ns = 500000;
  const unsigned count = transport->count < 256 ? transport->count : 256;
  for (unsigned i = 0; i < count; i++)
    oriel_estimate_sent(estimate, (uint16_t)(transport->base + i), 1200, i % 7, start_ns + i * step_ns);
  oriel_estimate_feedback(estimate, transport, start_ns + (count + 50) * step_ns);
  if (oriel_estimate_bps(estimate) < 50000 || oriel_estimate_bps(estimate) > 100000000)
    abort();
}

static void read_transport(const struct oriel_rtcp_packet *packet, struct oriel_estimate *estimate) {
  struct oriel_rtcp_transport transport;
  struct oriel_rtcp_arrival arrival;
  unsigned count = 0;
  if (oriel_rtcp_transport_begin(&transport, packet))
    return;
  struct oriel_rtcp_transport told = transport;
  while (oriel_rtcp_transport_next(&transport, &arrival))
    count++;
  if (count != transport.count || !oriel_reader_ok(&transport.deltas))
    abort();
  tell(estimate, &told);
}

static void read_items(struct oriel_rtcp_packet packet, size_t size, struct oriel_estimate *estimate) {
  struct oriel_rtcp_block block;
  uint32_t ssrc;
  uint16_t sequence, following;
  uint8_t number;
  size_t items = 0;
  if (packet.kind == ORIEL_RTCP_TRANSPORT)
    read_transport(&packet, estimate);
  while (oriel_rtcp_read_block(&packet, &block) || oriel_rtcp_read_ssrc(&packet, &ssrc) ||
         oriel_rtcp_read_nack(&packet, &sequence, &following) || oriel_rtcp_read_fir(&packet, &ssrc, &number))
    if (++items > size)
      abort();
  if (packet.kind != ORIEL_RTCP_BROKEN && !oriel_reader_ok(&packet.items))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  size_t packets = 0;
  if (oriel_rtcp_begin(&cursor, data, size))
    return 0;
  struct oriel_estimate *estimate = oriel_estimate_create(1000000, 1);
  if (!estimate)
    abort();
  while (oriel_rtcp_next(&cursor, &packet)) {
    read_items(packet, size, estimate);
    packets++;
  }
  oriel_estimate_destroy(estimate);
  if (!packets || packets > size / 4 || cursor.left.left)
    abort();
  return 0;
}
