/* SPDX-License-Identifier: MIT
 *
 * A desktop's life, and the callbacks from its source. create, start and destroy from one thread; the sink from
 * the source's.
 */
#include "desktop/desktop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/capture.h"
#include "desktop/clipboard.h"
#include "desktop/director.h"
#include "desktop/hub.h"
#include "desktop/levels.h"
#include "desktop/notify.h"
#include "desktop/playback.h"
#include "desktop/publish.h"
#include "desktop/sound.h"

/* ---- the sink: the source's threads ---- */

static void sink_damaged(void *user) {
  struct oriel_desktop *desktop = user;
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  hub->damage_events++;
  if (!hub->fresh_picture && (hub->source_watched & ORIEL_WATCH_PICTURES)) {
    hub->fresh_picture = true;
    oriel_captures_wake(&hub->captures);
  }
  oriel_hub_wake(hub, ORIEL_WAIT_DAMAGE);
  pthread_mutex_unlock(&hub->lock);
}

static void sink_cursor(void *user, struct oriel_packet *packet) {
  struct oriel_desktop *desktop = user;
  oriel_desktop_follow_up(desktop, oriel_bulletin_post_cursor(&desktop->bulletin, packet, oriel_clock_ns()));
}

static void sink_cursor_moved(void *user, int32_t x, int32_t y, bool visible) {
  const struct oriel_cursor_position position = {.x = x, .y = y, .visible = visible};
  oriel_desktop_post(user, ORIEL_FACT_POSITION, &position);
}

static void sink_state(void *user, enum oriel_source_state state, const char *detail) {
  struct oriel_fact_source source = {.state = state};
  snprintf(source.detail, sizeof source.detail, "%s", detail ? detail : "");
  oriel_desktop_post(user, ORIEL_FACT_SOURCE, &source);
}

static void sink_abilities(void *user, const struct oriel_source_abilities *abilities) {
  struct oriel_desktop *desktop = user;
  struct oriel_source_abilities all = *abilities;
  all.sound |= desktop->config.guest_audio != NULL;
  oriel_desktop_post(desktop, ORIEL_FACT_ABILITIES, &all);
}

static void sink_pointer_mode(void *user, bool absolute) {
  oriel_desktop_post(user, ORIEL_FACT_ABSOLUTE_POINTER, &absolute);
}

static void sink_sound(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  struct oriel_desktop *desktop = user;
  oriel_sound_write(desktop->sound, frames, count, captured_ns);
}

static void sink_volume(void *user, float left, float right, bool muted) {
  const struct oriel_volume volume = {.left = left, .right = right, .muted = muted};
  oriel_desktop_post(user, ORIEL_FACT_VOLUME, &volume);
}

static void sink_clipboard(void *user, struct oriel_packet *text) {
  oriel_clipboard_tell(user, text);
}

static void sink_microphone(void *user, enum oriel_microphone_use use) {
  oriel_desktop_post(user, ORIEL_FACT_MICROPHONE_SOURCE, &use);
}

static void note_typed(struct oriel_viewer *viewer, uint32_t number, unsigned dropped) {
  pthread_mutex_lock(&viewer->channel->lock);
  viewer->typed = number;
  viewer->typed_dropped += dropped;
  viewer->typed_due = true;
  pthread_mutex_unlock(&viewer->channel->lock);
}

static void sink_typed(void *user, uint64_t mark, unsigned dropped) {
  struct oriel_desktop *desktop = user;
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  for (unsigned i = 0; i < hub->count; i++)
    if (hub->viewers[i]->id == mark >> 32)
      note_typed(hub->viewers[i], (uint32_t)mark, dropped);
  pthread_mutex_unlock(&hub->lock);
  oriel_desktop_wake(desktop);
}

/* All viewers together are one listener of the sound. */
static void offer_to_viewers(void *user, struct oriel_packet *packet) {
  oriel_desktop_publish_sound(user, oriel_packet_ref(packet));
}

/* ---- life ---- */

static bool config_valid(const struct oriel_desktop_config *config) {
  return config->fps >= 1 && config->fps <= 240 &&
         (!config->cpu_percent || (config->cpu_percent >= 5 && config->cpu_percent <= 100)) &&
         (config->opus_frame_ms == 5 || config->opus_frame_ms == 10 || config->opus_frame_ms == 20) &&
         config->opus_kbps >= 16 && config->opus_kbps <= 510 &&
         (!config->bitrate_kbps || (config->bitrate_kbps >= 100 && config->bitrate_kbps <= 400000));
}

static void destroy_clipboard_end(const struct oriel_desktop_config *config) {
  if (config->clipboard_end)
    config->clipboard_end->impl->destroy(config->clipboard_end);
}

int oriel_desktop_create(const struct oriel_desktop_config *config, struct oriel_source *source,
                         struct oriel_desktop **out) {
  assert(config && source && out);
  int error = -EINVAL;
  if (!config_valid(config))
    goto fail_source;
  error = -ENOMEM;
  struct oriel_desktop *desktop = calloc(1, sizeof *desktop);
  if (!desktop)
    goto fail_source;
  desktop->config = *config;
  desktop->source = source;
  desktop->surface = oriel_source_surface(source);
  desktop->sink = (struct oriel_source_sink){
    .user = desktop,
    .damaged = sink_damaged,
    .cursor = sink_cursor,
    .cursor_moved = sink_cursor_moved,
    .state = sink_state,
    .abilities = sink_abilities,
    .pointer_mode = sink_pointer_mode,
    .sound = sink_sound,
    .volume = sink_volume,
    .microphone = sink_microphone,
    .clipboard = sink_clipboard,
    .typed = sink_typed,
  };
  if (oriel_bulletin_init(&desktop->bulletin))
    goto fail_desktop;
  if (oriel_hub_init(&desktop->hub, config))
    goto fail_bulletin;
  if (oriel_stages_init(&desktop->stages))
    goto fail_hub;
  if (oriel_clipboard_init(&desktop->clipboard))
    goto fail_stages;
  desktop->bulletin.facts.abilities.sound = config->guest_audio != NULL;
  desktop->bulletin.facts.clipboard = config->clipboard;
  if (pthread_mutex_init(&desktop->watch_lock, NULL))
    goto fail_clipboard;
  if (oriel_sound_create(config->guest_audio, config->opus_frame_ms, config->opus_kbps, &desktop->sound))
    goto fail_watch;
  const struct oriel_sound_listener viewers = {.offer = offer_to_viewers, .user = desktop};
  oriel_sound_output_add(&desktop->sound->output, &viewers);
  *out = desktop;
  return 0;
fail_watch:
  pthread_mutex_destroy(&desktop->watch_lock);
fail_clipboard:
  oriel_clipboard_finish(&desktop->clipboard);
fail_stages:
  oriel_stages_finish(&desktop->stages);
fail_hub:
  oriel_hub_finish(&desktop->hub);
fail_bulletin:
  oriel_bulletin_finish(&desktop->bulletin);
fail_desktop:
  free(desktop);
fail_source:
  destroy_clipboard_end(config);
  oriel_guest_audio_destroy(config->guest_audio);
  oriel_source_destroy(source);
  return error;
}

int oriel_desktop_start(struct oriel_desktop *desktop) {
  if (pthread_create(&desktop->media_thread, NULL, oriel_director_run, desktop))
    return -EAGAIN;
  desktop->media_started = true;
  pthread_mutex_lock(&desktop->watch_lock);
  oriel_sound_start(desktop->sound);
  pthread_mutex_unlock(&desktop->watch_lock);
  if (desktop->config.guest_audio) {
    const struct oriel_guest_audio_sink sink = oriel_sound_inputs_sink(&desktop->sound->inputs);
    const int error = oriel_guest_audio_start(desktop->config.guest_audio, &sink);
    if (error)
      return error;
  }
  int error = oriel_clipboard_start(desktop);
  if (!error)
    error = oriel_source_start(desktop->source, &desktop->sink);
  if (error || !desktop->config.audio_passthru)
    return error;
  pthread_mutex_lock(&desktop->watch_lock);
  desktop->plays = true;
  pthread_mutex_unlock(&desktop->watch_lock);
  oriel_desktop_update_watch(desktop);
  return 0;
}

void oriel_desktop_destroy(struct oriel_desktop *desktop) {
  if (!desktop)
    return;
  assert(!desktop->hub.count);
  pthread_mutex_lock(&desktop->hub.lock);
  desktop->hub.stopping = true;
  oriel_hub_wake(&desktop->hub, 0);
  pthread_mutex_unlock(&desktop->hub.lock);
  if (desktop->media_started)
    pthread_join(desktop->media_thread, NULL);
  oriel_sound_stop(desktop->sound);
  /* The surface is the source's: both threads are gone before it; the sink stays until the source is. */
  oriel_source_destroy(desktop->source);
  destroy_clipboard_end(&desktop->config);
  oriel_guest_audio_destroy(desktop->config.guest_audio);
  oriel_playback_destroy(atomic_load(&desktop->playback));
  oriel_sound_destroy(desktop->sound);
  pthread_mutex_destroy(&desktop->watch_lock);
  oriel_clipboard_finish(&desktop->clipboard);
  oriel_stages_finish(&desktop->stages);
  oriel_hub_finish(&desktop->hub);
  oriel_bulletin_finish(&desktop->bulletin);
  free(desktop);
}

enum oriel_source_state oriel_desktop_state(struct oriel_desktop *desktop) {
  struct oriel_facts facts;
  oriel_bulletin_read(&desktop->bulletin, &facts);
  return facts.source.state;
}

void oriel_desktop_abilities(struct oriel_desktop *desktop, struct oriel_source_abilities *abilities) {
  struct oriel_facts facts;
  oriel_bulletin_read(&desktop->bulletin, &facts);
  *abilities = oriel_facts_abilities(&facts);
}

void oriel_desktop_look(struct oriel_desktop *desktop, uint64_t now_ns) {
  oriel_controls_look(desktop, now_ns);
  oriel_microphone_look(desktop, now_ns);
  oriel_levels_look(desktop, now_ns);
}

int oriel_desktop_command(struct oriel_desktop *desktop, enum oriel_source_command command) {
  return oriel_source_command(desktop->source, command);
}
