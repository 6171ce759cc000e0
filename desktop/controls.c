/* SPDX-License-Identifier: MIT
 *
 * Controls and input, see controls.h. Network thread only.
 */
#include "desktop/controls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/utf8.h"
#include "desktop/clipboard.h"
#include "desktop/hub.h"
#include "desktop/microphone.h"
#include "desktop/notify.h"
#include "desktop/watch.h"

#define IDLE_NS (10 * ORIEL_NS_PER_SECOND)

/** Who comes before whom in line. */
static bool is_before(const struct oriel_viewer *a, const struct oriel_viewer *b, enum oriel_control way) {
  if (way == ORIEL_CONTROL_NEWEST)
    return a->control_serial > b->control_serial;
  return a->asks != b->asks ? a->asks : a->control_serial < b->control_serial;
}

static struct oriel_viewer *first_in_line(const struct oriel_hub *hub, enum oriel_control way) {
  struct oriel_viewer *first = NULL;
  for (unsigned i = 0; i < hub->count; i++)
    if (hub->viewers[i]->wants_control && (!first || is_before(hub->viewers[i], first, way)))
      first = hub->viewers[i];
  return first;
}

static struct oriel_viewer *first_asker(const struct oriel_hub *hub) {
  struct oriel_viewer *first = first_in_line(hub, ORIEL_CONTROL_ASK);
  return first && first->asks ? first : NULL;
}

/** Those who take part hear of it at once, the rest at the next look. */
static void tell_locked(struct oriel_hub *hub, struct oriel_viewer *viewer) {
  hub->controls_news = true;
  viewer->controls_due = true;
  if (hub->controller)
    hub->controller->controls_due = true;
}

/** Hands the controls to `viewer`, which may be NULL or have them. */
static void give(struct oriel_desktop *desktop, struct oriel_viewer *viewer) {
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_viewer *before = hub->controller; /* only this thread changes it */
  if (viewer == before)
    return;
  pthread_mutex_lock(&hub->lock);
  hub->controller = viewer;
  oriel_hub_refer_locked(hub);
  hub->controls_news = true;
  bool release = before && before->input_dirty;
  if (before) {
    before->role_due = before->controls_due = true;
    before->input_dirty = false;
  }
  if (viewer) {
    viewer->asks = false;
    viewer->role_due = viewer->controls_due = true;
  }
  pthread_mutex_unlock(&hub->lock);
  hub->input_ns = oriel_clock_ns();
  hub->quiet_ns = 0;
  if (release)
    oriel_source_input(desktop->source, &(struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL});
  if (before)
    oriel_microphone_forget(desktop, before);
  oriel_clipboard_forget(desktop);
  oriel_desktop_update_watch(desktop);
  oriel_desktop_wake(desktop);
}

/** Whether this viewer may take the controls without anybody's consent. */
static bool is_free_for(const struct oriel_viewer *viewer) {
  const struct oriel_hub *hub = &viewer->desktop->hub;
  const enum oriel_control way = viewer->desktop->config.control;
  if (!hub->controller || hub->controller == viewer || way == ORIEL_CONTROL_NEWEST)
    return true;
  if (viewer->owner && viewer->owner == hub->controller->owner)
    return true;
  return way == ORIEL_CONTROL_ASK && oriel_clock_ns() - hub->input_ns >= IDLE_NS;
}

static void step_into_line(struct oriel_viewer *viewer, bool asks) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  if (viewer->watcher)
    return;
  pthread_mutex_lock(&hub->lock);
  viewer->wants_control = true;
  if (!viewer->asks) /* to ask again and again is no way to the end of the line, nor to its head */
    viewer->control_serial = ++hub->last_serial;
  viewer->asks = asks && hub->controller != viewer;
  tell_locked(hub, viewer);
  pthread_mutex_unlock(&hub->lock);
  if (is_free_for(viewer))
    give(viewer->desktop, viewer);
  oriel_desktop_wake(viewer->desktop);
}

void oriel_controls_join(struct oriel_viewer *viewer) {
  step_into_line(viewer, false);
}

void oriel_viewer_control(struct oriel_viewer *viewer, bool wanted) {
  struct oriel_desktop *desktop = viewer->desktop;
  struct oriel_hub *hub = &desktop->hub;
  if (wanted) {
    step_into_line(viewer, desktop->config.control == ORIEL_CONTROL_ASK);
    return;
  }
  pthread_mutex_lock(&hub->lock);
  viewer->wants_control = viewer->asks = false;
  tell_locked(hub, viewer);
  struct oriel_viewer *next = first_in_line(hub, desktop->config.control);
  pthread_mutex_unlock(&hub->lock);
  if (oriel_viewer_controls(viewer))
    give(desktop, next);
  oriel_desktop_wake(desktop);
}

void oriel_viewer_answer(struct oriel_viewer *viewer, uint32_t asker, bool granted) {
  struct oriel_desktop *desktop = viewer->desktop;
  struct oriel_hub *hub = &desktop->hub;
  struct oriel_viewer *asking = NULL;
  if (!oriel_viewer_controls(viewer))
    return;
  hub->input_ns = oriel_clock_ns();
  for (unsigned i = 0; i < hub->count; i++) /* only this thread changes the list */
    if (hub->viewers[i]->id == asker && hub->viewers[i]->asks)
      asking = hub->viewers[i];
  if (!asking)
    return;
  if (granted) {
    give(desktop, asking);
    return;
  }
  pthread_mutex_lock(&hub->lock);
  asking->asks = false;
  hub->quiet_ns = hub->input_ns + IDLE_NS;
  tell_locked(hub, asking);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_wake(desktop);
}

void oriel_controls_look(struct oriel_desktop *desktop, uint64_t now_ns) {
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  struct oriel_viewer *asker = hub->controller ? first_asker(hub) : NULL;
  if (hub->quiet_ns && now_ns >= hub->quiet_ns) { /* it may be asked again */
    hub->quiet_ns = 0;
    if (asker)
      tell_locked(hub, asker);
  }
  bool news = hub->controls_news;
  for (unsigned i = 0; news && i < hub->count; i++)
    hub->viewers[i]->controls_due = true;
  hub->controls_news = false;
  pthread_mutex_unlock(&hub->lock);
  if (asker && now_ns >= hub->input_ns + IDLE_NS)
    give(desktop, asker);
  if (news)
    oriel_desktop_wake(desktop);
}

void oriel_controls_describe(const struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  const struct oriel_hub *hub = &viewer->desktop->hub;
  const struct oriel_viewer *asker = viewer->asks ? viewer : NULL;
  if (hub->controller == viewer && !hub->quiet_ns)
    asker = first_asker(hub);
  delivery->type = ORIEL_DELIVERY_CONTROLS;
  delivery->controls.holder = hub->controller ? hub->controller->id : 0;
  delivery->controls.asker = asker ? asker->id : 0;
  delivery->controls.never = viewer->watcher;
  delivery->controls.way = viewer->desktop->config.control;
  if (hub->controller)
    memcpy(delivery->controls.holder_name, hub->controller->name, sizeof hub->controller->name);
  if (asker)
    memcpy(delivery->controls.asker_name, asker->name, sizeof asker->name);
}

void oriel_viewer_rename(struct oriel_viewer *viewer, const char *name) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  pthread_mutex_lock(&hub->lock);
  size_t size = oriel_utf8_copy(viewer->name, ORIEL_VIEWER_NAME_MAX, name, strlen(name));
  viewer->name[size] = '\0';
  oriel_utf8_sanitize(viewer->name);
  if (viewer->name[strspn(viewer->name, " ")] == '\0')
    snprintf(viewer->name, sizeof viewer->name, "Viewer %u", viewer->id);
  tell_locked(hub, viewer);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_wake(viewer->desktop);
}

const char *oriel_viewer_name(const struct oriel_viewer *viewer) {
  return viewer->name;
}

bool oriel_viewer_controls(const struct oriel_viewer *viewer) {
  return oriel_hub_controls(viewer);
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
  if (input->type != ORIEL_INPUT_RELEASE_ALL) /* which a page that is left sends, too */
    desktop->hub.input_ns = oriel_clock_ns();
  if (input->type == ORIEL_INPUT_KEY || input->type == ORIEL_INPUT_BUTTON || input->type == ORIEL_INPUT_TOUCH ||
      input->type == ORIEL_INPUT_TEXT)
    viewer->input_dirty = true;
  if (input->type == ORIEL_INPUT_TEXT) { /* whose text it was comes back with the mark */
    struct oriel_input text = *input;
    text.text.mark = (uint64_t)viewer->id << 32 | (uint32_t)input->text.mark;
    oriel_source_input(desktop->source, &text);
    return;
  }
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
  hub->requested_width = width;
  hub->requested_height = height;
  oriel_hub_wake(hub, 0);
  pthread_mutex_unlock(&hub->lock);
  return 0;
}
