/* SPDX-License-Identifier: MIT
 *
 * See notify.h. Any thread.
 */
#include "desktop/notify.h"

#include "core/clock.h"
#include "desktop/hub.h"

void oriel_desktop_wake(struct oriel_desktop *desktop) {
  if (desktop->config.wake)
    desktop->config.wake(desktop->config.user);
}

void oriel_desktop_follow_up(struct oriel_desktop *desktop, enum oriel_posted posted) {
  if (posted == ORIEL_POSTED_NEWS)
    oriel_desktop_wake(desktop);
  if (posted == ORIEL_POSTED_LATER)
    oriel_hub_wake(&desktop->hub, 0); /* the media thread tells it in its turn */
}

void oriel_desktop_post(struct oriel_desktop *desktop, enum oriel_fact fact, const void *value) {
  oriel_desktop_follow_up(desktop, oriel_bulletin_post(&desktop->bulletin, fact, value, oriel_clock_ns()));
}
