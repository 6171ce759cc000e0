/* SPDX-License-Identifier: MIT
 *
 * Roles and input, see roles.h. Network thread only.
 */
#include "desktop/roles.h"

#include <errno.h>

#include "desktop/microphone.h"

struct oriel_viewer *oriel_roles_pick(struct oriel_viewer *const *viewers, unsigned count) {
  struct oriel_viewer *pick = NULL;
  for (unsigned i = 0; i < count; i++)
    if (viewers[i]->wants_control && (!pick || viewers[i]->control_serial > pick->control_serial))
      pick = viewers[i];
  return pick;
}

void oriel_viewer_control(struct oriel_viewer *viewer, bool wanted) {
  struct oriel_desktop *desktop = viewer->desktop;
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  struct oriel_viewer *before = hub->controller;
  viewer->wants_control = wanted;
  if (wanted)
    viewer->control_serial = ++hub->last_serial;
  hub->controller = oriel_roles_pick(hub->viewers, hub->count);
  bool changed = hub->controller != before;
  bool release = changed && before && before->input_dirty;
  if (changed && before) {
    before->role_due = true;
    before->input_dirty = false;
  }
  if (changed && hub->controller)
    hub->controller->role_due = true;
  pthread_mutex_unlock(&hub->lock);
  if (release)
    oriel_source_input(desktop->source, &(struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL});
  if (changed && before)
    oriel_microphone_forget(desktop, before);
  if (changed)
    oriel_desktop_wake(desktop);
}

bool oriel_viewer_controls(const struct oriel_viewer *viewer) {
  return viewer->desktop->hub.controller == viewer; /* only this thread changes it */
}

void oriel_viewer_denied(struct oriel_viewer *viewer, bool microphone) {
  struct oriel_desktop *desktop = viewer->desktop;
  if (!microphone) {
    atomic_fetch_add_explicit(&desktop->input_refused, 1, memory_order_relaxed); /* a counter alone */
    return;
  }
  pthread_mutex_lock(&desktop->hub.lock);
  viewer->microphone_refused++;
  desktop->hub.microphone_refused++;
  pthread_mutex_unlock(&desktop->hub.lock);
}

void oriel_viewer_input(struct oriel_viewer *viewer, const struct oriel_input *input) {
  struct oriel_desktop *desktop = viewer->desktop;
  if (!oriel_viewer_controls(viewer)) {
    atomic_fetch_add_explicit(&desktop->input_refused, 1, memory_order_relaxed); /* a counter alone */
    return;
  }
  atomic_fetch_add_explicit(&desktop->input_events, 1, memory_order_relaxed);
  if (input->type == ORIEL_INPUT_KEY || input->type == ORIEL_INPUT_BUTTON || input->type == ORIEL_INPUT_TOUCH)
    viewer->input_dirty = true;
  oriel_source_input(desktop->source, input);
}

int oriel_viewer_resize(struct oriel_viewer *viewer, uint16_t width, uint16_t height) {
  if (!oriel_viewer_controls(viewer))
    return -EPERM;
  struct oriel_desktop *desktop = viewer->desktop;
  struct oriel_hub *hub = &desktop->hub;
  if (!desktop->source->impl->resize)
    return -ENOTSUP;
  if (width < ORIEL_PICTURE_SIZE_MIN || width > ORIEL_PICTURE_WIDTH_MAX || height < ORIEL_PICTURE_SIZE_MIN ||
      height > ORIEL_PICTURE_HEIGHT_MAX)
    return -EINVAL;
  pthread_mutex_lock(&hub->lock);
  hub->wish_width = width;
  hub->wish_height = height;
  oriel_hub_poke_locked(hub, 0);
  pthread_mutex_unlock(&hub->lock);
  return 0;
}
