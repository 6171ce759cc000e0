/* SPDX-License-Identifier: MIT
 *
 * See watch.h. Serialised by watch_lock.
 */
#include "desktop/watch.h"

#include "core/clock.h"
#include "core/log.h"
#include "desktop/clipboard.h"
#include "desktop/hub.h"
#include "desktop/playback.h"
#include "desktop/sound.h"

/* From a log-in to the viewer's hello: a round trip or two, and what the page loads meanwhile. */
static const uint64_t expectation_ns = 3 * ORIEL_NS_PER_SECOND;

/* Whether the source may idle now; if not yet, the media thread asks again. */
static bool may_idle_locked(struct oriel_hub *hub) {
  uint64_t now = oriel_clock_ns(), at = oriel_rate_limit_next(&hub->idle_pace, now);
  hub->idle_ns = at > now ? at : 0;
  if (hub->idle_ns)
    oriel_hub_wake(hub, 0);
  else
    oriel_rate_limit_take(&hub->idle_pace, now);
  return !hub->idle_ns;
}

static unsigned wanted_locked(const struct oriel_desktop *desktop) {
  const struct oriel_hub *hub = &desktop->hub;
  unsigned wanted = ORIEL_WATCH_NOTHING;
  if (hub->watchers_pictures || !oriel_list_empty(&hub->captures) || hub->expected_ns)
    wanted |= ORIEL_WATCH_PICTURES;
  if (hub->watchers_sound)
    wanted |= ORIEL_WATCH_SOUND;
  if (oriel_clipboard_is_wanted_locked(desktop))
    wanted |= ORIEL_WATCH_CLIPBOARD;
  return wanted;
}

/* This host's own playback, which listens as long as the desktop lives. Without memory for it the next change of who
 * looks or listens tries again. */
static void begin_playback(struct oriel_desktop *desktop) {
  struct oriel_playback *playback = NULL;
  if (!desktop->plays)
    return;
  if (oriel_playback_create(&playback)) {
    if (!desktop->plays_warned)
      oriel_warn("desktop", "nothing plays on this host: no memory for it; whoever listens next tries again, viewers "
                            "hear as ever");
    desktop->plays_warned = true;
    return;
  }
  desktop->plays = false;
  if (!playback)
    return;
  const struct oriel_sound_listener listener = oriel_playback_listener(playback);
  oriel_sound_output_add(&desktop->sound->output, &listener);
  atomic_store(&desktop->playback, playback);
  pthread_mutex_lock(&desktop->hub.lock);
  desktop->hub.watchers_sound++;
  pthread_mutex_unlock(&desktop->hub.lock);
}

void oriel_desktop_update_watch(struct oriel_desktop *desktop) {
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&desktop->watch_lock);
  begin_playback(desktop);
  pthread_mutex_lock(&hub->lock);
  const unsigned before = hub->source_watched;
  unsigned wanted = wanted_locked(desktop);
  if (!(before & ~wanted))
    hub->idle_ns = 0;
  else if (!may_idle_locked(hub))
    wanted |= before;
  hub->source_watched = wanted;
  if ((before ^ wanted) & ORIEL_WATCH_PICTURES) {
    hub->fresh_picture = false; /* from now on the surface ages, or its old content waits to be replaced */
    hub->watched_ns = oriel_clock_ns();
    for (unsigned i = 0; i < ORIEL_RENDITIONS; i++) /* unwatched, the screen changes unseen */
      oriel_channel_keep_keys(&hub->channels[i], wanted & ORIEL_WATCH_PICTURES);
    oriel_hub_wake(hub, 0);
  }
  bool sound = hub->watchers_sound > 0;
  pthread_mutex_unlock(&hub->lock);
  oriel_sound_want(desktop->sound, sound);
  if ((before ^ wanted) & ORIEL_WATCH_CLIPBOARD)
    oriel_clipboard_watch(desktop, wanted & ORIEL_WATCH_CLIPBOARD);
  if (wanted != before)
    oriel_source_watch(desktop->source, wanted); /* may call the sink at once: hub.lock is free */
  pthread_mutex_unlock(&desktop->watch_lock);
}

void oriel_desktop_expect(struct oriel_desktop *desktop) {
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  hub->joined_ns = oriel_clock_ns();
  hub->expected_ns = hub->joined_ns + expectation_ns;
  hub->opens = !hub->watchers_pictures && !oriel_channel_has_key(&hub->channels[ORIEL_CHANNEL_TILES]);
  oriel_hub_wake(hub, 0);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_update_watch(desktop);
}
