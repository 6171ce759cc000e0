/* SPDX-License-Identifier: MIT
 *
 * See levels.h. Network thread.
 */
#include "desktop/levels.h"

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/look.h"

static const uint64_t period_ns = 250 * ORIEL_NS_PER_MS;
enum { USED_PERIODS = 8 }; /* what pictures take is that of two seconds */

/** What a channel's rendition took since the last look, as a mean that forgets. */
static uint32_t measure_used(struct oriel_levels *levels, struct oriel_channel *channel, enum oriel_channel_kind kind,
                             uint64_t passed_ns) {
  pthread_mutex_lock(&channel->lock);
  const uint64_t bytes = channel->counters.video_bytes + channel->counters.tiles_bytes;
  pthread_mutex_unlock(&channel->lock);
  const uint64_t kbps = (bytes - levels->bytes[kind]) * 8 * ORIEL_NS_PER_MS / passed_ns;
  levels->bytes[kind] = bytes;
  levels->used_kbps[kind] += ((double)kbps - levels->used_kbps[kind]) / USED_PERIODS;
  return (uint32_t)levels->used_kbps[kind];
}

/** Where a viewer is that carries enough. */
static enum oriel_channel_kind home_of(const struct oriel_viewer *viewer) {
  if (viewer->kind != ORIEL_CHANNEL_LOW)
    return viewer->kind;
  return viewer->can_tiles ? ORIEL_CHANNEL_TILES : ORIEL_CHANNEL_VIDEO;
}

/** What the rendition would be coded at for the best of those who could look at it. */
static uint32_t wanted_kbps(const struct oriel_hub *hub, enum oriel_channel_kind kind) {
  uint32_t best_kbps = 0;
  struct oriel_channel *channel = (struct oriel_channel *)&hub->channels[kind];
  for (unsigned i = 0; i < hub->count; i++) {
    const struct oriel_viewer *viewer = hub->viewers[i];
    if (home_of(viewer) != kind || !viewer->subscriber.looks)
      continue;
    const uint32_t carries_kbps = viewer->carries_kbps ? viewer->carries_kbps : UINT32_MAX;
    best_kbps = carries_kbps > best_kbps ? carries_kbps : best_kbps;
  }
  pthread_mutex_lock(&channel->lock);
  const uint32_t cap_kbps = channel->rate.cap_kbps;
  pthread_mutex_unlock(&channel->lock);
  return best_kbps < cap_kbps ? best_kbps : cap_kbps;
}

static void look_locked(struct oriel_hub *hub, enum oriel_channel_kind kind, uint64_t passed_ns, uint64_t now_ns) {
  const struct oriel_level_rates rates = {
    .wanted = wanted_kbps(hub, kind), .used = measure_used(&hub->levels, &hub->channels[kind], kind, passed_ns)};
  for (unsigned i = 0; i < hub->count; i++) {
    struct oriel_viewer *viewer = hub->viewers[i];
    if (home_of(viewer) == kind && viewer->subscriber.looks &&
        oriel_level_look(&viewer->level, viewer->carries_kbps, &rates, now_ns))
      oriel_look_move_locked(hub, viewer, viewer->level.low ? ORIEL_CHANNEL_LOW : kind);
  }
}

void oriel_levels_look(struct oriel_desktop *desktop, uint64_t now_ns) {
  struct oriel_hub *hub = &desktop->hub;
  const uint64_t passed_ns = now_ns - hub->levels.looked_ns;
  if (passed_ns < period_ns)
    return;
  hub->levels.looked_ns = now_ns;
  pthread_mutex_lock(&hub->lock);
  look_locked(hub, ORIEL_CHANNEL_TILES, passed_ns, now_ns);
  look_locked(hub, ORIEL_CHANNEL_VIDEO, passed_ns, now_ns);
  pthread_mutex_unlock(&hub->lock);
}
