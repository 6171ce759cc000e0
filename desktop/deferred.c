/* SPDX-License-Identifier: MIT
 *
 * Deferred work, which the media thread does between pictures: requests and news that come faster than they may be
 * passed on wait in the hub and on the bulletin for their turn, the newest of each kind. Media thread only.
 */
#include "desktop/deferred.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/notify.h"
#include "desktop/watch.h"

/* A waiting request for another size goes to the source, in even steps however many come. */
static bool pass_resize_on(struct oriel_desktop *desktop, uint64_t now, uint64_t *wake_ns) {
  struct oriel_hub *hub = &desktop->hub;
  if (!hub->requested_width)
    return false;
  uint64_t at = oriel_rate_limit_next(&hub->resize_pace, now);
  if (at > now) {
    oriel_clock_bring_forward(wake_ns, at);
    return false;
  }
  uint16_t width = hub->requested_width, height = hub->requested_height;
  hub->requested_width = hub->requested_height = 0;
  pthread_mutex_unlock(&hub->lock);
  int error = oriel_source_resize(desktop->source, width, height);
  if (error && error != -ENOTSUP)
    oriel_warn("desktop", "the desktop cannot become %u x %u: %s; it keeps its size", width, height, strerror(-error));
  pthread_mutex_lock(&hub->lock);
  oriel_rate_limit_take(&hub->resize_pace, oriel_clock_ns()); /* after the work: a slow one leaves others their time */
  return true;
}

/* Tells the source that nobody looks where that had to wait. */
static bool let_source_idle(struct oriel_desktop *desktop, uint64_t now, uint64_t *wake_ns) {
  struct oriel_hub *hub = &desktop->hub;
  if (!hub->idle_ns)
    return false;
  if (hub->idle_ns > now) {
    oriel_clock_bring_forward(wake_ns, hub->idle_ns);
    return false;
  }
  hub->idle_ns = 0;
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_update_watch(desktop);
  pthread_mutex_lock(&hub->lock);
  return true;
}

/* Whoever was expected did not come. */
static bool end_expectation(struct oriel_desktop *desktop, uint64_t now, uint64_t *wake_ns) {
  struct oriel_hub *hub = &desktop->hub;
  if (!hub->expected_ns)
    return false;
  if (hub->expected_ns > now) {
    oriel_clock_bring_forward(wake_ns, hub->expected_ns);
    return false;
  }
  hub->expected_ns = 0;
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_update_watch(desktop);
  pthread_mutex_lock(&hub->lock);
  return true;
}

/* Tells the viewers what the source said too often. */
static bool tell_notices(struct oriel_desktop *desktop, uint64_t now, uint64_t *wake_ns) {
  struct oriel_hub *hub = &desktop->hub;
  uint64_t at;
  bool told = oriel_bulletin_turn(&desktop->bulletin, now, &at);
  oriel_clock_bring_forward(wake_ns, at);
  if (!told)
    return false;
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_wake(desktop);
  pthread_mutex_lock(&hub->lock);
  return true;
}

bool oriel_deferred_run_locked(struct oriel_desktop *desktop, uint64_t now_ns, uint64_t *wake_ns) {
  return pass_resize_on(desktop, now_ns, wake_ns) || let_source_idle(desktop, now_ns, wake_ns) ||
         end_expectation(desktop, now_ns, wake_ns) || tell_notices(desktop, now_ns, wake_ns);
}
