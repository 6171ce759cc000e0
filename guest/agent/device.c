/* SPDX-License-Identifier: MIT
 *
 * A pw_stream that stands in the graph as a device. Neither device drives: the graph's own timer does, for both (or a
 * sound card that an application links with one), and a far end's drift is the receiver's work. They form no node
 * group: what only plays would keep the microphone running. Main thread, but process: data thread.
 */
#include "guest/agent/device.h"

#include <assert.h>
#include <errno.h>
#include <spa/debug/types.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/audio/type-info.h>
#include <spa/param/props.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "guest/agent/output.h"
#include "guest/agent/props.h"
#include "media/downmix.h"

#define SUBSYSTEM "agent/device"

enum {
  FRAMES_MOST = 8192, /* of one call of process */
  CYCLES_MOST = 2,    /* that are made up for, however long */
};
static_assert((int)FRAMES_MOST == (int)AGENT_OUTPUT_WRITE_MAX, "the output takes what a call of process gives");

/* ---- data thread ---- */

static void count(_Atomic uint64_t *counter, uint64_t by) {
  /* One writer: a plain add would do, were readers not other threads. */
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

/** What a cycle knows. */
struct moment {
  uint64_t now_ns;
  uint64_t missed; /* frames of the device that went by unseen since the last cycle */
};

/** Frames of the device that the graph's clock went on by without it; 0 also where it is so far on that nothing of
 *  before matters: 100 ms, or a few of its cycles where those are longer. */
static uint64_t missed_frames(struct agent_device *device, const struct spa_io_clock *clock) {
  uint64_t xruns = 0;
  const uint64_t missed = agent_cycle_missed(
    &device->last, (struct agent_cycle){clock->position, clock->duration, clock->id}, &xruns);
  if (clock->rate.denom == 0)
    return 0;
  count(&device->xruns, xruns);
  const uint64_t most = SPA_MAX(clock->rate.denom / 10, CYCLES_MOST * clock->duration);
  return missed <= most ? missed * device->config.rate / clock->rate.denom : 0;
}

static struct moment look(struct agent_device *device) {
  struct moment moment = {.now_ns = oriel_clock_ns()};
  const struct spa_io_position *position =
    atomic_load_explicit(&device->position, memory_order_acquire); /* with io_changed */
  if (!position)
    return moment;
  moment.missed = missed_frames(device, &position->clock);
  atomic_store_explicit(&device->quantum, (uint32_t)position->clock.duration, memory_order_relaxed);
  atomic_store_explicit(&device->graph_rate, position->clock.rate.denom, memory_order_relaxed);
  /* Smoother than our own wake-up, where it is of the same clock. */
  const uint64_t nsec = position->clock.nsec, denom = position->clock.rate.denom;
  const uint64_t apart = nsec > moment.now_ns ? nsec - moment.now_ns : moment.now_ns - nsec;
  const uint64_t cycle_ns = denom > 0 ? position->clock.duration * ORIEL_NS_PER_SECOND / denom : 0;
  if (apart < SPA_MAX(ORIEL_NS_PER_SECOND / 10, 2 * cycle_ns))
    moment.now_ns = nsec;
  return moment;
}

/** Time went by for the other end as well (lesson 25): what was not played into us reads as silence, and what was not
 *  asked of us is over. Otherwise each missed cycle would be one more of delay, or of too little in the receiver. */
static void make_up(struct agent_device *device, const struct moment *moment) {
  const struct agent_device_config *config = &device->config;
  for (uint64_t left = moment->missed; left > 0;) {
    const size_t part = left < FRAMES_MOST ? (size_t)left : FRAMES_MOST;
    if (config->is_sink)
      memset(device->scaled, 0, part * config->channels * sizeof(float));
    config->process(config->owner, device->scaled, part, moment->now_ns - left * ORIEL_NS_PER_SECOND / config->rate);
    left -= part;
  }
}

/** What is played goes through the volume into memory of our own, what is recorded is scaled where it lies. */
static void hand_over(struct agent_device *device, float *frames, size_t left, uint64_t now_ns) {
  const struct agent_device_config *config = &device->config;
  count(&device->frames, left);
  while (left > 0) {
    const size_t part = left < FRAMES_MOST ? left : FRAMES_MOST;
    float *heard = frames;
    if (!config->is_sink)
      config->process(config->owner, frames, part, now_ns);
    if (!agent_volume_is_one(&device->gain)) {
      heard = config->is_sink ? device->scaled : frames;
      agent_volume_apply(&device->gain, frames, heard, part);
    }
    if (config->is_sink)
      config->process(config->owner, heard, part, now_ns);
    agent_level_add(&device->level, heard, part * config->channels);
    frames += part * config->channels;
    left -= part;
    now_ns += part * ORIEL_NS_PER_SECOND / config->rate; /* of a cycle in parts each has its own time */
  }
}

static void take(struct agent_device *device, struct pw_buffer *buffer, uint64_t now_ns) {
  const struct spa_data *data = &buffer->buffer->datas[0];
  if (!data->data || !data->chunk)
    return;
  const uint32_t offset = SPA_MIN(data->chunk->offset, data->maxsize);
  const uint32_t size = SPA_MIN(data->chunk->size, data->maxsize - offset);
  const size_t stride = sizeof(float) * device->config.channels;
  if (offset % sizeof(float) == 0)
    hand_over(device, SPA_PTROFF(data->data, offset, float), size / stride, now_ns);
}

static void give(struct agent_device *device, struct pw_buffer *buffer, uint64_t now_ns) {
  struct spa_data *data = &buffer->buffer->datas[0];
  if (!data->data || !data->chunk)
    return;
  const size_t stride = sizeof(float) * device->config.channels;
  size_t frames = data->maxsize / stride;
  if (buffer->requested > 0 && buffer->requested < frames)
    frames = buffer->requested;
  hand_over(device, data->data, frames, now_ns);
  data->chunk->offset = 0;
  data->chunk->stride = (int32_t)stride;
  data->chunk->size = (uint32_t)(frames * stride);
  buffer->size = frames;
}

static void on_process(void *user) {
  struct agent_device *device = user;
  const struct moment moment = look(device);
  const uint64_t now_ns = moment.now_ns;
  count(&device->cycles, 1);
  make_up(device, &moment);
  struct pw_buffer *buffer = pw_stream_dequeue_buffer(device->stream);
  if (!buffer)
    count(&device->starved, 1);
  while (buffer) {
    if (device->config.is_sink)
      take(device, buffer, now_ns);
    else
      give(device, buffer, now_ns);
    pw_stream_queue_buffer(device->stream, buffer);
    /* A source owes one buffer a cycle; a sink takes all there are, so that none waits. */
    buffer = device->config.is_sink ? pw_stream_dequeue_buffer(device->stream) : NULL;
  }
}

/* ---- main thread ---- */

static void set_running(struct agent_device *device, bool is_running) {
  if (device->is_running == is_running)
    return;
  device->is_running = is_running;
  device->last.duration = 0;
  agent_volume_start(&device->gain);
  if (!is_running)
    agent_level_rest(&device->level);
  device->config.running(device->config.owner, is_running);
}

static void on_state(void *user, enum pw_stream_state old, enum pw_stream_state state, const char *error) {
  struct agent_device *device = user;
  (void)old;
  device->state = state == PW_STREAM_STATE_STREAMING ? "running" : state == PW_STREAM_STATE_PAUSED ? "idle"
                  : state == PW_STREAM_STATE_ERROR ? "error" : "starting";
  if (state == PW_STREAM_STATE_ERROR)
    oriel_error(SUBSYSTEM, "%s: PipeWire refuses the device: %s: see `pw-dump` and the log of WirePlumber",
                device->config.name, error ? error : "no reason given");
  set_running(device, state == PW_STREAM_STATE_STREAMING);
}

static void on_control(void *user, uint32_t id, const struct pw_stream_control *control) {
  struct agent_device *device = user;
  if (id == SPA_PROP_mute && control->n_values > 0)
    device->is_muted = control->values[0] > 0.5f;
  if (id != SPA_PROP_channelVolumes || control->n_values == 0)
    return;
  device->volume = agent_props_mean(control->values, control->n_values);
}

/** Somebody sets the volume. PipeWire's mixer would take it up in one step, so it is left at one by what stands there
 *  for volumes that are applied elsewhere; what is shown and stored is what was set. This nested set replaces the one
 *  under way. */
static void on_param(void *user, uint32_t id, const struct spa_pod *param) {
  struct agent_device *device = user;
  if (id != SPA_PARAM_Props || !param || !spa_pod_is_object_type(param, SPA_TYPE_OBJECT_Props))
    return;
  const struct spa_pod_prop *volumes = spa_pod_find_prop(param, NULL, SPA_PROP_channelVolumes),
                            *mute = spa_pod_find_prop(param, NULL, SPA_PROP_mute);
  if (!volumes && !mute)
    return;
  float set[AGENT_CHANNELS_MAX];
  const uint32_t set_count =
    volumes ? agent_props_volumes(&volumes->value, set, AGENT_CHANNELS_MAX) : 0;
  if (set_count > 0) { /* none, or of another type: as it was */
    memcpy(device->volumes, set, set_count * sizeof set[0]);
    device->volume_count = set_count;
  }
  if (mute)
    spa_pod_get_bool(&mute->value, &device->is_muted);
  float muted = device->is_muted, never = 0, ones[AGENT_CHANNELS_MAX];
  const uint32_t channels = device->config.channels;
  for (uint32_t i = 0; i < channels; i++)
    ones[i] = 1;
  pw_stream_set_control(device->stream, SPA_PROP_channelVolumes, device->volume_count, device->volumes, SPA_PROP_mute,
                        1, &muted, SPA_PROP_softMute, 1, &never, SPA_PROP_softVolumes, channels, ones, 0);
  agent_volume_set(&device->gain, device->volumes, device->volume_count, device->is_muted);
}

static void on_io(void *user, uint32_t id, void *area, uint32_t size) {
  struct agent_device *device = user;
  if (id == SPA_IO_Position)
    atomic_store_explicit(&device->position, size >= sizeof(struct spa_io_position) ? area : NULL,
                          memory_order_release); /* with look */
}

static const struct pw_stream_events events = {
  PW_VERSION_STREAM_EVENTS,
  .state_changed = on_state, .control_info = on_control,
  .io_changed = on_io, .param_changed = on_param, .process = on_process,
};

static void name_positions(uint32_t channels, uint32_t *positions) {
  static const uint32_t of[ORIEL_SPEAKER_KINDS] = {
    [ORIEL_SPEAKER_MONO] = SPA_AUDIO_CHANNEL_MONO,
    [ORIEL_SPEAKER_LEFT] = SPA_AUDIO_CHANNEL_FL, [ORIEL_SPEAKER_RIGHT] = SPA_AUDIO_CHANNEL_FR,
    [ORIEL_SPEAKER_CENTRE] = SPA_AUDIO_CHANNEL_FC, [ORIEL_SPEAKER_LFE] = SPA_AUDIO_CHANNEL_LFE,
    [ORIEL_SPEAKER_SURROUND_LEFT] = SPA_AUDIO_CHANNEL_RL, [ORIEL_SPEAKER_SURROUND_RIGHT] = SPA_AUDIO_CHANNEL_RR,
    [ORIEL_SPEAKER_SECOND_LEFT] = SPA_AUDIO_CHANNEL_SL, [ORIEL_SPEAKER_SECOND_RIGHT] = SPA_AUDIO_CHANNEL_SR,
    [ORIEL_SPEAKER_BACK] = SPA_AUDIO_CHANNEL_RC,
    [ORIEL_SPEAKER_WIDE_LEFT] = SPA_AUDIO_CHANNEL_FLW, [ORIEL_SPEAKER_WIDE_RIGHT] = SPA_AUDIO_CHANNEL_FRW,
    [ORIEL_SPEAKER_TOP_FRONT_LEFT] = SPA_AUDIO_CHANNEL_TFL, [ORIEL_SPEAKER_TOP_FRONT_RIGHT] = SPA_AUDIO_CHANNEL_TFR,
    [ORIEL_SPEAKER_TOP_SIDE_LEFT] = SPA_AUDIO_CHANNEL_TSL, [ORIEL_SPEAKER_TOP_SIDE_RIGHT] = SPA_AUDIO_CHANNEL_TSR,
    [ORIEL_SPEAKER_TOP_BACK_LEFT] = SPA_AUDIO_CHANNEL_TRL, [ORIEL_SPEAKER_TOP_BACK_RIGHT] = SPA_AUDIO_CHANNEL_TRR,
  };
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  oriel_layout(channels, layout);
  for (uint32_t i = 0; i < channels; i++)
    positions[i] = layout[i] != ORIEL_SPEAKER_NUMBERED ? of[layout[i]] : SPA_AUDIO_CHANNEL_AUX0 + i;
}

/** The speakers as a property. By it PipeWire's mixer has a volume for each channel from the first moment on; without,
 *  it has none until a format is agreed on, which is when somebody first plays: a mixer would show 0 %. */
static void set_positions(struct pw_properties *made, uint32_t channels) {
  uint32_t positions[AGENT_CHANNELS_MAX];
  char text[AGENT_CHANNELS_MAX * 8] = "";
  name_positions(channels, positions);
  for (uint32_t i = 0; i < channels; i++) {
    const size_t size = strlen(text);
    snprintf(text + size, sizeof text - size, "%s%s", i > 0 ? "," : "",
             spa_debug_type_find_short_name(spa_type_audio_channel, positions[i]));
  }
  pw_properties_set(made, SPA_KEY_AUDIO_POSITION, text);
  pw_properties_setf(made, SPA_KEY_AUDIO_CHANNELS, "%u", channels);
}

static struct pw_properties *properties(const struct agent_device_config *config) {
  struct pw_properties *made = pw_properties_new(
    PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CLASS, config->is_sink ? "Audio/Sink" : "Audio/Source",
    /* WirePlumber keeps volume and mute under this one: a device that gets another name for users keeps them. */
    PW_KEY_MEDIA_NAME, config->node_name,
    PW_KEY_NODE_NAME, config->node_name, PW_KEY_NODE_DESCRIPTION, config->name, PW_KEY_NODE_NICK, config->name,
    PW_KEY_NODE_VIRTUAL, "true",
    /* Above the emulated cards a VM may have as well: sound is to go where somebody listens. */
    PW_KEY_PRIORITY_SESSION, "2000",
    PW_KEY_DEVICE_ICON_NAME, config->is_sink ? "audio-speakers" : "audio-input-microphone", NULL);
  if (!made)
    return NULL;
  set_positions(made, config->channels);
  pw_properties_setf(made, PW_KEY_NODE_FORCE_QUANTUM, "%u", config->quantum);
  pw_properties_setf(made, PW_KEY_NODE_LATENCY, "%u/%u", config->quantum, config->rate);
  pw_properties_setf(made, PW_KEY_NODE_RATE, "1/%u", config->rate);
  return made;
}

void agent_device_init(struct agent_device *device, const struct agent_device_config *config) {
  *device = (struct agent_device){.config = *config, .state = "absent", .volume = 1, .volumes = {1}, .volume_count = 1};
  agent_level_init(&device->level, config->rate, config->channels);
}

int agent_device_attach(struct agent_device *device, struct pw_core *core) {
  const struct agent_device_config *config = &device->config;
  agent_volume_init(&device->gain, config->rate, config->channels);
  device->scaled = calloc((size_t)FRAMES_MOST * config->channels, sizeof(float));
  struct pw_properties *made = properties(config);
  const bool has_memory = device->scaled && made;
  device->stream = has_memory ? pw_stream_new(core, config->node_name, made) : NULL;
  if (!device->stream) {
    const int error = -errno;
    if (!has_memory)
      pw_properties_free(made); /* otherwise the stream's, also where it was not made */
    agent_device_detach(device);
    return error;
  }
  pw_stream_add_listener(device->stream, &device->listener, &events, device);
  struct spa_audio_info_raw format = {
    .format = SPA_AUDIO_FORMAT_F32, .rate = config->rate, .channels = config->channels};
  name_positions(config->channels, format.position);
  uint8_t space[1024];
  struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof space);
  const struct spa_pod *params[] = {spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
  const int error = pw_stream_connect(device->stream, config->is_sink ? PW_DIRECTION_INPUT : PW_DIRECTION_OUTPUT,
                                       PW_ID_ANY, PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS, params, 1);
  if (error < 0)
    agent_device_detach(device);
  return error;
}

void agent_device_detach(struct agent_device *device) {
  if (device->stream) {
    /* Takes the listener off itself, once the data thread has left the stream: not before, as that thread walks the
     * list. */
    pw_stream_destroy(device->stream);
    device->stream = NULL;
    device->state = "absent";
    device->volume = device->volumes[0] = 1; /* a new daemon knows of no other */
    device->volume_count = 1;
    device->is_muted = false;
    atomic_store_explicit(&device->position, NULL, memory_order_relaxed); /* no data thread is left to see it */
    set_running(device, false);
  }
  free(device->scaled);
  device->scaled = NULL;
}

uint32_t agent_device_node(const struct agent_device *device) {
  return device->stream ? pw_stream_get_node_id(device->stream) : SPA_ID_INVALID;
}
