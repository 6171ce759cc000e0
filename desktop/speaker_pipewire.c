/* SPDX-License-Identifier: MIT
 *
 * The speaker as a PipeWire stream. PipeWire's loop has a thread of its own, where the stream is made and made again;
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
#include "desktop/speaker.h"

enum { RATE = 48000, CHANNELS = 2, FRAMES_MAX = 8192, RETRY_S = 2, LATENCY_FRAMES = 480 };

struct oriel_speaker {
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
  struct oriel_speaker *speaker = user;
  struct pw_buffer *buffer = pw_stream_dequeue_buffer(speaker->stream);
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
      oriel_receiver_pull(speaker->receiver, data->data, frames, oriel_clock_ns());
    data->chunk->offset = 0;
    data->chunk->stride = sizeof(float) * CHANNELS;
    data->chunk->size = (uint32_t)(frames * sizeof(float) * CHANNELS);
  }
  pw_stream_queue_buffer(speaker->stream, buffer);
}

/* ---- PipeWire's loop thread ---- */

static void retry_in(struct oriel_speaker *speaker, time_t seconds) {
  /* A value of 0 would disarm it. */
  struct timespec at = {.tv_sec = seconds, .tv_nsec = seconds ? 0 : 1};
  pw_loop_update_timer(pw_thread_loop_get_loop(speaker->loop), speaker->timer, &at, NULL, false);
}

static void lost(struct oriel_speaker *speaker, const char *why) {
  if (!speaker->complained)
    oriel_warn("desktop", "nothing plays on this host: %s; looking again every %d s, viewers hear as ever", why,
               RETRY_S);
  speaker->complained = true;
  atomic_store(&speaker->plays, false);
  retry_in(speaker, RETRY_S);
}

static void on_state(void *user, enum pw_stream_state old, enum pw_stream_state state, const char *error) {
  struct oriel_speaker *speaker = user;
  (void)old;
  if (state == PW_STREAM_STATE_ERROR)
    lost(speaker, error ? error : "the stream failed");
  if (state == PW_STREAM_STATE_STREAMING && speaker->complained)
    oriel_info("desktop", "this host's speakers are back");
  speaker->complained &= state != PW_STREAM_STATE_STREAMING;
  atomic_store(&speaker->plays, state == PW_STREAM_STATE_STREAMING);
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

static void detach(struct oriel_speaker *speaker) {
  atomic_store(&speaker->plays, false);
  if (speaker->stream) {
    spa_hook_remove(&speaker->stream_listener);
    pw_stream_destroy(speaker->stream);
    speaker->stream = NULL;
  }
  if (speaker->core) {
    spa_hook_remove(&speaker->core_listener);
    pw_core_disconnect(speaker->core);
    speaker->core = NULL;
  }
}

static int attach(struct oriel_speaker *speaker) {
  uint8_t space[1024];
  struct spa_audio_info_raw format = {
    .format = SPA_AUDIO_FORMAT_F32, .rate = RATE, .channels = CHANNELS,
    .position = {SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR},
  };
  struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof space);
  const struct spa_pod *params[] = {spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
  speaker->core = pw_context_connect(speaker->context, NULL, 0);
  if (!speaker->core)
    return -errno;
  pw_core_add_listener(speaker->core, &speaker->core_listener, &core_events, speaker);
  struct pw_properties *properties = pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Playback",
    PW_KEY_APP_NAME, "Oriel", PW_KEY_NODE_NAME, "oriel", PW_KEY_NODE_DESCRIPTION, "Oriel: the guest's sound", NULL);
  if (properties)
    pw_properties_setf(properties, PW_KEY_NODE_LATENCY, "%d/%d", LATENCY_FRAMES, RATE);
  speaker->stream = properties ? pw_stream_new(speaker->core, "Oriel", properties) : NULL;
  if (!speaker->stream)
    return -ENOMEM;
  pw_stream_add_listener(speaker->stream, &speaker->stream_listener, &stream_events, speaker);
  return pw_stream_connect(speaker->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                           PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS, params,
                           1);
}

static void on_timer(void *user, uint64_t expirations) {
  struct oriel_speaker *speaker = user;
  (void)expirations;
  detach(speaker);
  const int result = attach(speaker);
  if (result >= 0)
    return;
  detach(speaker);
  lost(speaker, "there is no PipeWire to connect to");
}

/* ---- the owner's thread ---- */

int oriel_speaker_create(struct oriel_speaker **out) {
  const struct oriel_receiver_config config = {.channels = CHANNELS, .rate = RATE};
  struct oriel_speaker *speaker = calloc(1, sizeof *speaker);
  if (!speaker)
    return -ENOMEM;
  pw_init(NULL, NULL);
  int result = oriel_receiver_create(&config, &speaker->receiver);
  if (!result)
    speaker->loop = pw_thread_loop_new("oriel-speaker", NULL);
  if (speaker->loop)
    speaker->context = pw_context_new(pw_thread_loop_get_loop(speaker->loop), NULL, 0);
  if (speaker->context)
    speaker->timer = pw_loop_add_timer(pw_thread_loop_get_loop(speaker->loop), on_timer, speaker);
  if (!speaker->timer || pw_thread_loop_start(speaker->loop) < 0) {
    oriel_speaker_destroy(speaker);
    return -ENOMEM;
  }
  pw_thread_loop_lock(speaker->loop);
  retry_in(speaker, 0);
  pw_thread_loop_unlock(speaker->loop);
  *out = speaker;
  return 0;
}

void oriel_speaker_destroy(struct oriel_speaker *speaker) {
  if (!speaker)
    return;
  if (speaker->loop)
    pw_thread_loop_stop(speaker->loop);
  detach(speaker);
  if (speaker->timer)
    pw_loop_destroy_source(pw_thread_loop_get_loop(speaker->loop), speaker->timer);
  if (speaker->context)
    pw_context_destroy(speaker->context);
  if (speaker->loop)
    pw_thread_loop_destroy(speaker->loop);
  oriel_receiver_destroy(speaker->receiver);
  free(speaker);
  pw_deinit();
}

void oriel_speaker_push(struct oriel_speaker *speaker, const struct oriel_packet *packet) {
  if (atomic_load(&speaker->plays))
    (void)oriel_receiver_push(speaker->receiver, packet->data, packet->size, ++speaker->sequence, oriel_clock_ns());
}

bool oriel_speaker_stats(const struct oriel_speaker *speaker, struct oriel_receiver_stats *stats) {
  oriel_receiver_stats(speaker->receiver, stats);
  return atomic_load(&speaker->plays);
}
