/* SPDX-License-Identifier: MIT
 *
 * The least that a pair of devices on PipeWire can be: a sink and a source as the agent's, of the same cycle, with a
 * memory copy between them in place of everything else. What it costs on a machine is PipeWire's own.
 *
 *   plain_pair QUANTUM     "oriel-output" and "oriel-input", until a signal
 *
 * Threads: main (PipeWire's loop), data (process of both, in turn).
 */
#include <pipewire/pipewire.h>
#include <signal.h>
#include <spa/param/audio/format-utils.h>
#include <stdio.h>
#include <string.h>

enum { RATE = 48000, CHANNELS = 2, HELD = 8192 * CHANNELS };

struct pair {
  struct pw_main_loop *loop;
  struct pw_stream *sink, *source;
  float held[HELD]; /* the last cycle */
};

static void on_sink(void *user) {
  struct pair *pair = user;
  struct pw_buffer *buffer = pw_stream_dequeue_buffer(pair->sink);
  if (buffer == NULL)
    return;
  const struct spa_data *data = &buffer->buffer->datas[0];
  if (data->data != NULL && data->chunk->size <= sizeof pair->held)
    memcpy(pair->held, data->data, data->chunk->size);
  pw_stream_queue_buffer(pair->sink, buffer);
}

static void on_source(void *user) {
  struct pair *pair = user;
  struct pw_buffer *buffer = pw_stream_dequeue_buffer(pair->source);
  if (buffer == NULL)
    return;
  struct spa_data *data = &buffer->buffer->datas[0];
  const uint32_t stride = CHANNELS * sizeof(float), size = (uint32_t)buffer->requested * stride;
  if (data->data != NULL && size <= data->maxsize && size <= sizeof pair->held) {
    memcpy(data->data, pair->held, size);
    data->chunk->offset = 0;
    data->chunk->stride = (int32_t)stride;
    data->chunk->size = size;
  }
  pw_stream_queue_buffer(pair->source, buffer);
}

static const struct pw_stream_events sink_events = {PW_VERSION_STREAM_EVENTS, .process = on_sink};
static const struct pw_stream_events source_events = {PW_VERSION_STREAM_EVENTS, .process = on_source};

static void on_signal(void *user, int number) {
  struct pair *pair = user;
  (void)number;
  pw_main_loop_quit(pair->loop);
}

static struct pw_stream *add(struct pair *pair, struct pw_core *core, bool is_sink, const char *quantum,
                             struct spa_hook *listener) {
  struct pw_properties *properties = pw_properties_new(
    PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CLASS, is_sink ? "Audio/Sink" : "Audio/Source", PW_KEY_NODE_NAME,
    is_sink ? "oriel-output" : "oriel-input", PW_KEY_NODE_FORCE_QUANTUM, quantum, PW_KEY_NODE_VIRTUAL, "true", NULL);
  struct pw_stream *stream = pw_stream_new(core, "plain pair", properties);
  if (stream == NULL)
    return NULL;
  pw_stream_add_listener(stream, listener, is_sink ? &sink_events : &source_events, pair);
  struct spa_audio_info_raw format = {.format = SPA_AUDIO_FORMAT_F32, .rate = RATE, .channels = CHANNELS,
                                      .position = {SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR}};
  uint8_t space[1024];
  struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof space);
  const struct spa_pod *params[] = {spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
  if (pw_stream_connect(stream, is_sink ? PW_DIRECTION_INPUT : PW_DIRECTION_OUTPUT, PW_ID_ANY,
                        PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS, params, 1) < 0)
    return NULL;
  return stream;
}

int main(int argc, char *argv[]) {
  static struct pair pair;
  static struct spa_hook listeners[2];
  if (argc != 2) {
    fprintf(stderr, "usage: plain_pair QUANTUM\n");
    return 2;
  }
  pw_init(NULL, NULL);
  pair.loop = pw_main_loop_new(NULL);
  struct pw_loop *loop = pw_main_loop_get_loop(pair.loop);
  pw_loop_add_signal(loop, SIGINT, on_signal, &pair);
  pw_loop_add_signal(loop, SIGTERM, on_signal, &pair);
  struct pw_context *context = pw_context_new(loop, pw_properties_new(PW_KEY_CONFIG_NAME, "client-rt.conf", NULL), 0);
  struct pw_core *core = context != NULL ? pw_context_connect(context, NULL, 0) : NULL;
  if (core == NULL || (pair.sink = add(&pair, core, true, argv[1], &listeners[0])) == NULL ||
      (pair.source = add(&pair, core, false, argv[1], &listeners[1])) == NULL) {
    fprintf(stderr, "plain_pair: no PipeWire\n");
    return 1;
  }
  pw_main_loop_run(pair.loop);
  pw_context_destroy(context);
  pw_main_loop_destroy(pair.loop);
  return 0;
}
