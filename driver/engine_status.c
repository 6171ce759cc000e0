/* SPDX-License-Identifier: MIT
 *
 * The engine's state as one JSON object, for `oriel audio status`. Threads of the daemon's that may block.
 */
#include "driver/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "driver/engine_impl.h"

struct writer {
  char *text;
  size_t size;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int added =
    vsnprintf(writer->text + writer->size, ENGINE_STATUS_SIZE - writer->size, format, arguments);
  va_end(arguments);
  if (added > 0 && writer->size + (size_t)added < ENGINE_STATUS_SIZE)
    writer->size += (size_t)added;
}

/* A JSON string of text that settings have checked to be printable UTF-8. NULL is null. */
static void put_text(struct writer *writer, const char *text) {
  if (!text) {
    put(writer, "null");
    return;
  }
  put(writer, "\"");
  for (; *text; text++)
    put(writer, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
  put(writer, "\"");
}

static void put_device(struct writer *writer, struct device *device, const char *name) {
  const uint32_t bits = atomic_exchange(&device->io.peak, 0);
  float peak;
  memcpy(&peak, &bits, sizeof peak);
  put(writer, "{\"name\": ");
  put_text(writer, name);
  put(writer, ", \"rate\": %u, \"channels\": %u, \"clients\": %zu, \"running\": %s, \"scalar\": %.4f, \"db\": %.2f, ",
      (unsigned)device->rate, (unsigned)device->channels, device->client_count, device->starts ? "true" : "false",
      (double)device->scalar, (double)volume_scalar_to_db(device->scalar));
  put(writer, "\"muted\": %s, \"cycles\": %llu, \"frames\": %llu, \"xruns\": %llu, \"period\": %u, \"peak\": %.5f}",
      device->muted ? "true" : "false", (unsigned long long)device->io.cycles,
      (unsigned long long)device->io.frames, (unsigned long long)device->io.xruns, (unsigned)device->io.period,
      peak < 1e9f ? (double)peak : 0.0);
}

static void put_pump(struct writer *writer, struct engine *engine) {
  struct pump_stats stats;
  pump_stats(engine->pump, &stats);
  put(writer, "{\"address\": ");
  put_text(writer, engine->settings.transport);
  put(writer, ", \"connected\": %s, \"packets\": %llu, \"bytes\": %llu, \"connections\": %llu, \"failures\": %llu, ",
      stats.link.connected ? "true" : "false", (unsigned long long)stats.packets, (unsigned long long)stats.bytes,
      (unsigned long long)stats.link.connections, (unsigned long long)stats.link.failures);
  put(writer, "\"trims\": %llu, \"late\": %llu, \"errors\": %llu, \"wakes\": %llu, \"why\": ",
      (unsigned long long)stats.trims, (unsigned long long)stats.late, (unsigned long long)stats.errors,
      (unsigned long long)stats.link.wakes);
  put_text(writer, stats.link.why);
  put(writer, "}");
}

static void put_microphone(struct writer *writer, struct engine *engine) {
  struct microphone_stats stats;
  microphone_stats(engine->microphone, &stats);
  const struct oriel_receiver_stats *receiver = &stats.receiver;
  put(writer, "{\"address\": ");
  put_text(writer, engine->settings.microphone);
  put(writer, ", \"connected\": %s, \"bytes\": %llu, \"connections\": %llu, \"failures\": %llu, \"malformed\": %llu, ",
      stats.link.connected ? "true" : "false", (unsigned long long)stats.bytes,
      (unsigned long long)stats.link.connections, (unsigned long long)stats.link.failures,
      (unsigned long long)stats.malformed);
  put(writer, "\"packets\": %llu, \"bad\": %llu, \"lost\": %llu, \"underruns\": %llu, \"trimmed\": %llu, ",
      (unsigned long long)receiver->packets, (unsigned long long)receiver->bad_packets,
      (unsigned long long)receiver->lost_packets, (unsigned long long)receiver->underruns,
      (unsigned long long)receiver->trimmed_frames);
  put(writer, "\"target_us\": %u, \"level_us\": %u, \"jitter_us\": %u, \"drift_ppm\": %.2f, \"locked\": %s, \"why\": ",
      (unsigned)receiver->target_us, (unsigned)receiver->level_us, (unsigned)receiver->jitter_us, receiver->drift_ppm,
      receiver->locked ? "true" : "false");
  put_text(writer, stats.link.why);
  put(writer, "}");
}

size_t engine_status(struct engine *engine, char text[ENGINE_STATUS_SIZE]) {
  struct writer writer = {.text = text};
  pthread_mutex_lock(&engine->lock);
  put(&writer, "{\"output\": ");
  put_device(&writer, &engine->devices[ENGINE_OUTPUT], engine->settings.output_name);
  put(&writer, ", \"input\": ");
  put_device(&writer, &engine->devices[ENGINE_INPUT], engine->settings.input_name);
  put(&writer, ", \"transport\": ");
  put_pump(&writer, engine);
  put(&writer, ", \"microphone\": ");
  put_microphone(&writer, engine);
  put(&writer, ", \"shared_memory\": ");
  put_text(&writer, engine->writer ? engine->settings.shared_memory : NULL);
  put(&writer, "}\n");
  pthread_mutex_unlock(&engine->lock);
  return writer.size;
}
