/* SPDX-License-Identifier: MIT
 *
 * See publish.h.
 */
#include "desktop/publish.h"

#include "desktop/notify.h"

bool oriel_desktop_publish(struct oriel_desktop *desktop, enum oriel_channel_kind kind, struct oriel_packet *packet) {
  const unsigned speaks = atomic_load_explicit(&desktop->hub.reference_kind, memory_order_relaxed); /* only compared */
  if (speaks == kind || speaks == ORIEL_CHANNELS)
    oriel_stages_made(&desktop->stages, packet);
  packet->rendition = (uint8_t)kind;
  const bool all = oriel_channel_publish(&desktop->hub.channels[kind], packet);
  oriel_desktop_wake(desktop);
  return all;
}

void oriel_desktop_publish_sound(struct oriel_desktop *desktop, struct oriel_packet *packet) {
  oriel_sound_channel_publish(&desktop->hub.sound, packet);
  oriel_desktop_wake(desktop);
}
