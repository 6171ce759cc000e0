/* SPDX-License-Identifier: MIT
 *
 * Whose microphone is heard. Network thread.
 */
#include "desktop/microphone.h"

#include <errno.h>

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"

static const uint64_t look_ns = 500 * ORIEL_NS_PER_MS;

void oriel_microphone_look(struct oriel_desktop *desktop, uint64_t now_ns) {
  if (!desktop->config.guest_audio || now_ns - desktop->microphone.looked_ns < look_ns)
    return;
  desktop->microphone.looked_ns = now_ns;
  const bool taken = oriel_guest_audio_has_microphone(desktop->config.guest_audio);
  oriel_desktop_post(desktop, ORIEL_FACT_MICROPHONE_GUEST, &taken);
}

/* Says whose microphone is heard; true when that is news. */
static bool set_owner(struct oriel_desktop *desktop, uint32_t owner) {
  if (desktop->microphone.owner == owner)
    return false;
  desktop->microphone.owner = owner;
  oriel_desktop_post(desktop, ORIEL_FACT_MICROPHONE_OWNER, &owner);
  return true;
}

void oriel_microphone_forget(struct oriel_desktop *desktop, const struct oriel_viewer *viewer) {
  if (desktop->microphone.owner == viewer->id && set_owner(desktop, 0))
    (void)oriel_source_microphone(desktop->source, &(struct oriel_microphone){.size = 0});
}

static int pass_on(struct oriel_viewer *viewer, const struct oriel_microphone *packet) {
  struct oriel_desktop *desktop = viewer->desktop;
  if (!oriel_hub_controls(viewer))
    return -EPERM;
  set_owner(desktop, viewer->id);
  desktop->hub.input_ns = oriel_clock_ns(); /* who talks is there */
  int result = oriel_source_microphone(desktop->source, packet);
  if (result == -EINVAL || result == -EBADMSG)
    return result;
  if (desktop->config.guest_audio &&
      oriel_guest_audio_microphone(desktop->config.guest_audio, packet->opus, packet->size, packet->captured_ns) == 0)
    result = 0;
  return result;
}

int oriel_viewer_microphone(struct oriel_viewer *viewer, const struct oriel_microphone *packet) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  if (!packet->size) {
    if (!oriel_hub_controls(viewer))
      return -EPERM;
    oriel_microphone_forget(viewer->desktop, viewer);
    return 0;
  }
  const int result = pass_on(viewer, packet);
  pthread_mutex_lock(&hub->lock);
  viewer->microphone_packets += result == 0;
  viewer->microphone_refused += result != 0;
  hub->microphone_refused += result != 0;
  pthread_mutex_unlock(&hub->lock);
  return result;
}
