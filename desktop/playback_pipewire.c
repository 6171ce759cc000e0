/* SPDX-License-Identifier: MIT
 *
 * Local playback as a PipeWire stream. PipeWire's loop has a thread of its own, where the stream is made and made again;
 * its data thread pulls.
 */
#include <errno.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/playback.h"

enum { RATE = 48000, CHANNELS = 2, FRAMES_MAX = 8192, RETRY_S = 2, LATENCY_FRAMES = 480 };

struct oriel_playback {
  struct oriel_receiver *receiver;
  uint64_t sequence; /* audio thread */
  struct pw_thread_loop *loop;
  struct pw_context *context;
  /* PipeWire's loop thread, or whoever holds its lock. */
  struct pw_core *core;
  struct pw_stream *stream;
  struct spa_hook core_listener, stream_listener;
  struct spa_source *timer;
  bool complained;
  atomic_bool plays;
};

/* ---- data thread ---- */

static void on_process(void *user) {
  struct oriel_playback *playback = user;
  struct pw_buffer *buffer = pw_stream_dequeue_buffer(playback->stream);
  if (!buffer)
    return;
  struct spa_data *data = &buffer->buffer->datas[0];
  if (data->data && data->chunk) {
    size_t frames = data->maxsize / (sizeof(float) * CHANNELS);
    if (buffer->requested > 0 && buffer->requested < frames)
      frames = buffer->requested;
    if (frames > FRAMES_MAX)
      frames = FRAMES_MAX;
    if (frames > 0)
      oriel_receiver_pull(playback->receiver, data->data, frames, oriel_clock_ns());
    data->chunk->offset = 0;
    data->chunk->stride = sizeof(float) * CHANNELS;
    data->chunk->size = (uint32_t)(frames * sizeof(float) * CHANNELS);
  }
  pw_stream_queue_buffer(playback->stream, buffer);
}

/* ---- PipeWire's loop thread ---- */

static void retry_in(struct oriel_playback *playback, time_t seconds) {
  /* A value of 0 would disarm it. */
  struct timespec at = {.tv_sec = seconds, .tv_nsec = seconds ? 0 : 1};
  pw_loop_update_timer(pw_thread_loop_get_loop(playback->loop), playback->timer, &at, NULL, false);
}

static void lost(struct oriel_playback *playback, const char *why) {
  if (!playback->complained)
    oriel_warn("desktop", "nothing plays on this host: %s; looking again every %d s, viewers hear as ever", why,
               RETRY_S);
  playback->complained = true;
  atomic_store(&playback->plays, false);
  retry_in(playback, RETRY_S);
}

static void on_state(void *user, enum pw_stream_state old, enum pw_stream_state state, const char *error) {
  struct oriel_playback *playback = user;
  (void)old;
  if (state == PW_STREAM_STATE_ERROR)
    lost(playback, error ? error : "the stream failed");
  if (state == PW_STREAM_STATE_STREAMING && playback->complained)
    oriel_info("desktop", "this host's speakers are back");
  playback->complained &= state != PW_STREAM_STATE_STREAMING;
  atomic_store(&playback->plays, state == PW_STREAM_STATE_STREAMING);
}

/* Every id is void once the daemon is gone (lesson 22): all is made anew. */
static void on_error(void *user, uint32_t id, int sequence, int result, const char *message) {
  (void)sequence;
  (void)message;
  if (id == PW_ID_CORE && result == -EPIPE)
    lost(user, "the sound server ended");
}

static const struct pw_core_events core_events = {PW_VERSION_CORE_EVENTS, .error = on_error};
static const struct pw_stream_events stream_events = {
  PW_VERSION_STREAM_EVENTS, .state_changed = on_state, .process = on_process,
};

static void detach(struct oriel_playback *playback) {
  atomic_store(&playback->plays, false);
  if (playback->stream) {
    spa_hook_remove(&playback->stream_listener);
    pw_stream_destroy(playback->stream);
    playback->stream = NULL;
  }
  if (playback->core) {
    spa_hook_remove(&playback->core_listener);
    pw_core_disconnect(playback->core);
    playback->core = NULL;
  }
}

static int attach(struct oriel_playback *playback) {
  uint8_t space[1024];
  struct spa_audio_info_raw format = {
    .format = SPA_AUDIO_FORMAT_F32, .rate = RATE, .channels = CHANNELS,
    .position = {SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR},
  };
  struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof space);
  const struct spa_pod *params[] = {spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
  playback->core = pw_context_connect(playback->context, NULL, 0);
  if (!playback->core)
    return -errno;
  pw_core_add_listener(playback->core, &playback->core_listener, &core_events, playback);
  struct pw_properties *properties = pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Playback",
    PW_KEY_APP_NAME, "Oriel", PW_KEY_NODE_NAME, "oriel", PW_KEY_NODE_DESCRIPTION, "Oriel: the guest's sound", NULL);
  if (properties)
    pw_properties_setf(properties, PW_KEY_NODE_LATENCY, "%d/%d", LATENCY_FRAMES, RATE);
  playback->stream = properties ? pw_stream_new(playback->core, "Oriel", properties) : NULL;
  if (!playback->stream)
    return -ENOMEM;
  pw_stream_add_listener(playback->stream, &playback->stream_listener, &stream_events, playback);
  return pw_stream_connect(playback->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                           PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS, params,
                           1);
}

static void on_timer(void *user, uint64_t expirations) {
  struct oriel_playback *playback = user;
  (void)expirations;
  detach(playback);
  const int result = attach(playback);
  if (result >= 0)
    return;
  detach(playback);
  lost(playback, "there is no PipeWire to connect to");
}

/* ---- the owner's thread ---- */

int oriel_playback_create(struct oriel_playback **out) {
  const struct oriel_receiver_config config = {.channels = CHANNELS, .rate = RATE};
  struct oriel_playback *playback = calloc(1, sizeof *playback);
  if (!playback)
    return -ENOMEM;
  pw_init(NULL, NULL);
  int result = oriel_receiver_create(&config, &playback->receiver);
  if (!result)
    playback->loop = pw_thread_loop_new("oriel-playback", NULL);
  if (playback->loop)
    playback->context = pw_context_new(pw_thread_loop_get_loop(playback->loop), NULL, 0);
  if (playback->context)
    playback->timer = pw_loop_add_timer(pw_thread_loop_get_loop(playback->loop), on_timer, playback);
  if (!playback->timer || pw_thread_loop_start(playback->loop) < 0) {
    oriel_playback_destroy(playback);
    return -ENOMEM;
  }
  pw_thread_loop_lock(playback->loop);
  retry_in(playback, 0);
  pw_thread_loop_unlock(playback->loop);
  *out = playback;
  return 0;
}

void oriel_playback_destroy(struct oriel_playback *playback) {
  if (!playback)
    return;
  if (playback->loop)
    pw_thread_loop_stop(playback->loop);
  detach(playback);
  if (playback->timer)
    pw_loop_destroy_source(pw_thread_loop_get_loop(playback->loop), playback->timer);
  if (playback->context)
    pw_context_destroy(playback->context);
  if (playback->loop)
    pw_thread_loop_destroy(playback->loop);
  oriel_receiver_destroy(playback->receiver);
  free(playback);
  pw_deinit();
}

static void offer(void *user, struct oriel_packet *packet) {
  struct oriel_playback *playback = user;
  if (atomic_load(&playback->plays))
    (void)oriel_receiver_push(playback->receiver, packet->data, packet->size, ++playback->sequence, oriel_clock_ns());
}

struct oriel_sound_listener oriel_playback_listener(struct oriel_playback *playback) {
  return (struct oriel_sound_listener){.offer = offer, .user = playback};
}

bool oriel_playback_stats(const struct oriel_playback *playback, struct oriel_receiver_stats *stats) {
  oriel_receiver_stats(playback->receiver, stats);
  return atomic_load(&playback->plays);
}
