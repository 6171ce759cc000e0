/* SPDX-License-Identifier: MIT
 *
 * Reference-counted packets. Any thread.
 */
#include "core/packet.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct oriel_packet *oriel_packet_create(enum oriel_packet_kind kind, size_t size) {
  if (size > PTRDIFF_MAX - sizeof(struct oriel_packet))
    return NULL;
  struct oriel_packet *packet = malloc(sizeof *packet + size);
  if (!packet)
    return NULL;
  memset(packet, 0, sizeof *packet);
  atomic_init(&packet->refs, 1);
  packet->kind = kind;
  packet->size = size;
  return packet;
}

struct oriel_packet *oriel_packet_ref(struct oriel_packet *packet) {
  /* Relaxed: whoever takes a reference already holds one, so nothing has to be ordered here. */
  const unsigned before = atomic_fetch_add_explicit(&packet->refs, 1, memory_order_relaxed);
  assert(before > 0 && before < UINT32_MAX);
  (void)before;
  return packet;
}

/* Through volatile, so that no compiler finds that nobody reads it. */
static void wipe(struct oriel_packet *packet) {
  volatile uint8_t *bytes = packet->data;
  for (size_t i = 0; i < packet->size; i++)
    bytes[i] = 0;
}

void oriel_packet_unref(struct oriel_packet *packet) {
  if (!packet)
    return;
  /* Release: this holder's last reads happen before the free. Acquire: the one who frees sees them; the partners are
   * the other holders' unrefs. One acq_rel operation rather than a fence, which ThreadSanitizer does not follow. */
  const unsigned before = atomic_fetch_sub_explicit(&packet->refs, 1, memory_order_acq_rel);
  assert(before > 0);
  if (before > 1)
    return;
  if (packet->kind == ORIEL_PACKET_CLIPBOARD)
    wipe(packet);
  free(packet);
}
