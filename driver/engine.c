/* SPDX-License-Identifier: MIT
 *
 * The engine's life: devices, clients, controls, settings. Threads of the daemon's that may block; never IO callbacks.
 */
#include "driver/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/engine_impl.h"

enum { SHM_MODE = 0644 }; /* written as the audio daemon's user, read by the person's programs */

static uint64_t now_of(const struct engine *engine) {
  return engine->world.now();
}

static void set_gain(struct device *device) {
  gain_set(&device->gain, device->muted ? 0 : volume_db_to_gain(volume_scalar_to_db(device->scalar)));
}

static int device_init(struct device *device, const struct engine_world *world, uint64_t now, uint32_t rate,
                       uint32_t channels) {
  timeline_init(&device->timeline, world->ticks_per_second, now, rate);
  device->rate = rate;
  device->channels = channels;
  device->scalar = 1;
  gain_init(&device->gain, 1);
  return sample_ring_init(&device->ring, channels);
}

static void device_finish(struct device *device) {
  sample_ring_finish(&device->ring);
  free(device->clients);
}

/* The shared memory that settings and format ask for. While the output's IO stands still. */
static void open_writer(struct engine *engine) {
  const struct device *device = &engine->devices[ENGINE_OUTPUT];
  oriel_audio_writer_destroy(engine->writer);
  engine->writer = NULL;
  engine->writer_placed = false;
  if (!*engine->settings.shared_memory)
    return;
  const struct oriel_audio_writer_config config = {
    .channels = device->channels, .rate = device->rate, .mode = SHM_MODE};
  int error = oriel_audio_writer_create(engine->settings.shared_memory, &config, &engine->writer);
  if (error < 0) {
    char text[320];
    engine->writer = NULL;
    snprintf(text, sizeof text, "no shared memory %s: %s (%d)", engine->settings.shared_memory,
             oriel_audio_error_text(error), error);
    engine->world.log(ENGINE_LOG_ERROR, text);
  }
}

static void configure_links(struct engine *engine) {
  pump_configure(engine->pump, engine->settings.transport, engine->settings.bitrate_kbps);
  microphone_configure(engine->microphone, engine->settings.microphone);
}

int engine_create(const struct engine_world *world, const struct settings *settings, struct engine **engine) {
  struct engine *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->world = *world;
  made->settings = *settings;
  atomic_flag_clear(&made->bringing);
  pthread_mutex_init(&made->lock, NULL);
  struct device *output = &made->devices[ENGINE_OUTPUT], *input = &made->devices[ENGINE_INPUT];
  const uint64_t now = now_of(made);
  int error = device_init(output, world, now, settings->rate, settings->output_channels);
  if (!error)
    error = device_init(input, world, now, settings->rate, settings->input_channels);
  if (!error)
    error = resampler_init(&made->resampler, STREAM_RATE, settings->rate);
  if (!error)
    error = pump_create(&made->world, &output->ring, &made->pump);
  if (!error)
    error = microphone_create(&made->world, &made->microphone);
  if (error < 0) {
    engine_destroy(made);
    return error;
  }
  pump_pause(made->pump);
  pump_resume(made->pump, settings->rate, settings->output_channels);
  open_writer(made);
  configure_links(made);
  *engine = made;
  return 0;
}

void engine_destroy(struct engine *engine) {
  if (!engine)
    return;
  pump_destroy(engine->pump);
  microphone_destroy(engine->microphone);
  oriel_audio_writer_destroy(engine->writer);
  resampler_finish(&engine->resampler);
  for (int side = 0; side < ENGINE_SIDES; side++)
    device_finish(&engine->devices[side]);
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

static struct client *find_client(struct device *device, uint32_t id) {
  for (size_t i = 0; i < device->client_count; i++)
    if (device->clients[i].id == id)
      return &device->clients[i];
  return NULL;
}

static struct client *add_client(struct device *device, uint32_t id) {
  struct client *grown = realloc(device->clients, (device->client_count + 1) * sizeof *grown);
  if (!grown)
    return NULL;
  device->clients = grown;
  grown[device->client_count] = (struct client){.id = id};
  return &grown[device->client_count++];
}

/* Tells everybody whether the device runs. With the lock. */
static void tell(struct engine *engine, enum engine_side side, bool running) {
  if (side == ENGINE_INPUT) {
    microphone_run(engine->microphone, running);
    return;
  }
  pump_run(engine->pump, running);
  if (engine->writer)
    oriel_audio_writer_set_running(engine->writer, running);
}

int engine_start(struct engine *engine, enum engine_side side, uint32_t id) {
  struct device *device = &engine->devices[side];
  int error = 0;
  pthread_mutex_lock(&engine->lock);
  struct client *client = find_client(device, id);
  if (!client)
    client = add_client(device, id);
  if (!client) {
    error = -ENOMEM;
  } else {
    client->starts++;
    if (device->starts++ == 0) {
      gain_start(&device->gain);
      atomic_store_explicit(&device->has_next, false, memory_order_relaxed);
      tell(engine, side, true);
    }
  }
  pthread_mutex_unlock(&engine->lock);
  return error;
}

/* Takes `starts` of a client's starts back. With the lock. */
static void take_back(struct engine *engine, enum engine_side side, struct client *client, uint32_t starts) {
  struct device *device = &engine->devices[side];
  client->starts -= starts;
  device->starts -= starts;
  if (starts && !device->starts)
    tell(engine, side, false);
  if (!client->starts)
    *client = device->clients[--device->client_count];
}

int engine_stop(struct engine *engine, enum engine_side side, uint32_t id) {
  pthread_mutex_lock(&engine->lock);
  struct client *client = find_client(&engine->devices[side], id);
  if (client)
    take_back(engine, side, client, 1);
  pthread_mutex_unlock(&engine->lock);
  return client ? 0 : -EPERM;
}

void engine_forget(struct engine *engine, enum engine_side side, uint32_t id) {
  pthread_mutex_lock(&engine->lock);
  struct client *client = find_client(&engine->devices[side], id);
  if (client)
    take_back(engine, side, client, client->starts);
  pthread_mutex_unlock(&engine->lock);
}

void engine_stamp(const struct engine *engine, enum engine_side side, uint64_t *frame, uint64_t *host,
                  uint64_t *seed) {
  struct timeline_view view;
  timeline_read(&engine->devices[side].timeline, &view);
  timeline_stamp(&view, now_of(engine), frame, host);
  *seed = view.seed;
}

void engine_device(struct engine *engine, enum engine_side side, struct engine_device *device) {
  pthread_mutex_lock(&engine->lock);
  const struct device *of = &engine->devices[side];
  *device = (struct engine_device){
    .rate = of->rate, .channels = of->channels, .scalar = of->scalar, .muted = of->muted, .starts = of->starts};
  pthread_mutex_unlock(&engine->lock);
}

bool engine_set_volume(struct engine *engine, enum engine_side side, float scalar) {
  struct device *device = &engine->devices[side];
  scalar = scalar >= 1 ? 1 : scalar > 0 ? scalar : 0; /* not-a-number is 0 */
  pthread_mutex_lock(&engine->lock);
  const bool changed = scalar < device->scalar || scalar > device->scalar;
  device->scalar = scalar;
  set_gain(device);
  pthread_mutex_unlock(&engine->lock);
  return changed;
}

bool engine_set_mute(struct engine *engine, enum engine_side side, bool muted) {
  struct device *device = &engine->devices[side];
  pthread_mutex_lock(&engine->lock);
  const bool changed = device->muted != muted;
  device->muted = muted;
  set_gain(device);
  pthread_mutex_unlock(&engine->lock);
  return changed;
}

void engine_reconfigure(struct engine *engine, enum engine_side side, uint32_t rate, uint32_t channels) {
  struct device *device = &engine->devices[side];
  pthread_mutex_lock(&engine->lock);
  const bool timed = rate != device->rate;
  device->rate = rate;
  device->channels = channels;
  atomic_store_explicit(&device->has_next, false, memory_order_relaxed);
  if (side == ENGINE_OUTPUT)
    pump_pause(engine->pump);
  sample_ring_reset(&device->ring, channels);
  if (side == ENGINE_OUTPUT) {
    pump_resume(engine->pump, rate, channels);
    open_writer(engine);
    if (engine->writer)
      oriel_audio_writer_set_running(engine->writer, device->starts > 0);
  } else if (timed) {
    struct resampler other;
    if (resampler_init(&other, STREAM_RATE, rate) == 0) {
      resampler_finish(&engine->resampler);
      engine->resampler = other;
    }
  }
  if (timed)
    timeline_change(&device->timeline, now_of(engine), rate);
  pthread_mutex_unlock(&engine->lock);
}

void engine_place(struct engine *engine, const enum oriel_speaker layout[ORIEL_SPEAKERS_MAX]) {
  pump_place(engine->pump, layout);
}

void engine_settings(struct engine *engine, struct settings *settings) {
  pthread_mutex_lock(&engine->lock);
  *settings = engine->settings;
  pthread_mutex_unlock(&engine->lock);
}

void engine_apply(struct engine *engine, const struct settings *settings) {
  pthread_mutex_lock(&engine->lock);
  const struct settings before = engine->settings;
  engine->settings = *settings;
  if (strcmp(before.transport, settings->transport) != 0 || before.bitrate_kbps != settings->bitrate_kbps)
    pump_configure(engine->pump, settings->transport, settings->bitrate_kbps);
  if (strcmp(before.microphone, settings->microphone) != 0)
    microphone_configure(engine->microphone, settings->microphone);
  pthread_mutex_unlock(&engine->lock);
}
