/* SPDX-License-Identifier: MIT
 *
 * The engine: clients, controls, IO callbacks, shared memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "core/clock.h"
#include "driver/turn.h"
#include "tests/driver/rig.h"

static uint32_t starts(struct engine *engine, enum engine_side side) {
  struct engine_device device;
  engine_device(engine, side, &device);
  return device.starts;
}

static void engine_counts_starts_per_client(void **state) { /* lesson 26 */
  (void)state;
  const struct settings settings = rig_settings();
  struct engine *engine = rig_engine(&settings);
  assert_int_equal(engine_stop(engine, ENGINE_OUTPUT, 1), -EPERM);
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 2), 0);
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 2), 0);
  assert_int_equal(engine_stop(engine, ENGINE_OUTPUT, 1), 0);
  assert_int_equal(engine_stop(engine, ENGINE_OUTPUT, 1), -EPERM); /* 2's starts are not 1's to stop */
  assert_int_equal(starts(engine, ENGINE_OUTPUT), 2);
  assert_int_equal(starts(engine, ENGINE_INPUT), 0);
  engine_forget(engine, ENGINE_OUTPUT, 2); /* a client that died */
  engine_forget(engine, ENGINE_OUTPUT, 7);
  assert_int_equal(starts(engine, ENGINE_OUTPUT), 0);
  engine_destroy(engine);
}

static void engine_clock_stays_when_clients_come_and_go(void **state) { /* lesson 26 */
  (void)state;
  const struct settings settings = rig_settings();
  struct engine *engine = rig_engine(&settings);
  uint64_t frame, host, seed, frame2, host2, seed2;
  engine_stamp(engine, ENGINE_OUTPUT, &frame, &host, &seed);
  for (uint32_t client = 1; client < 50; client++) {
    assert_int_equal(engine_start(engine, ENGINE_OUTPUT, client), 0);
    if (client % 3)
      assert_int_equal(engine_stop(engine, ENGINE_OUTPUT, client), 0);
    engine_stamp(engine, ENGINE_OUTPUT, &frame2, &host2, &seed2);
    assert_int_equal(seed, seed2);
    assert_true(frame2 != frame || host2 == host);
  }
  engine_stamp(engine, ENGINE_INPUT, &frame2, &host2, &seed2);
  engine_stamp(engine, ENGINE_OUTPUT, &frame, &host, &seed);
  assert_true(frame2 == frame ? host2 == host : frame2 + 16384 == frame); /* one clock */
  engine_destroy(engine);
}

/* What is played comes out of shared memory bit for bit, frame after frame, at every buffer size. */
static void engine_output_reaches_shared_memory_exactly(void **state) {
  (void)state;
  static const size_t sizes[] = {32, 64, 512, 4096};
  struct settings settings = rig_settings();
  snprintf(settings.shared_memory, sizeof settings.shared_memory, "oriel-test-%d", (int)getpid());
  struct engine *engine = rig_engine(&settings);
  struct oriel_audio_reader *reader = NULL;
  assert_int_equal(oriel_audio_reader_open(settings.shared_memory, 0, &reader), 0);
  static float in[2 * 4096], out[2 * 4096];
  int64_t at = 48000;
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
  for (int s = 0; s < 4; s++) {
    for (int i = 0; i < 20; i++, at += (int64_t)sizes[s]) {
      rig_fill(in, at, sizes[s], 2);
      engine_write(engine, at, in, sizes[s], oriel_clock_ns());
      assert_int_equal(oriel_audio_reader_read(reader, out, sizes[s], 0), sizes[s]); /* 0 frames later */
      assert_memory_equal(in, out, sizes[s] * 2 * sizeof(float));
    }
  }
  /* A gap is heard as silence of its length, a repetition not twice. */
  rig_fill(in, at + 100, 64, 2);
  engine_write(engine, at + 100, in, 64, oriel_clock_ns());
  engine_write(engine, at + 100, in, 64, oriel_clock_ns());
  assert_int_equal(oriel_audio_reader_read(reader, out, 200, 0), 164);
  for (int i = 0; i < 200; i++)
    assert_true(out[i] == 0);
  assert_memory_equal(in, out + 200, 64 * 2 * sizeof(float));
  oriel_audio_reader_close(reader);
  engine_destroy(engine);
}

static void engine_volume_and_mute_change_what_is_played(void **state) { /* lesson 28 */
  (void)state;
  struct settings settings = rig_settings();
  snprintf(settings.shared_memory, sizeof settings.shared_memory, "oriel-test-%d", (int)getpid());
  struct engine *engine = rig_engine(&settings);
  struct oriel_audio_reader *reader = NULL;
  assert_int_equal(oriel_audio_reader_open(settings.shared_memory, 0, &reader), 0);
  static float in[2 * 2048], out[2 * 2048];
  for (int i = 0; i < 4096; i++)
    in[i] = 0.5f;
  assert_true(engine_set_volume(engine, ENGINE_OUTPUT, 0.5f));
  assert_false(engine_set_volume(engine, ENGINE_OUTPUT, 0.5f));
  engine_write(engine, 0, in, 2048, oriel_clock_ns());
  assert_int_equal(oriel_audio_reader_read(reader, out, 2048, 0), 2048);
  assert_float_equal(out[4095], 0.0792447f, 1e-4); /* -16 dB */
  assert_true(out[0] < 0.5f && out[0] > 0.499f);        /* by a ramp */
  assert_true(engine_set_mute(engine, ENGINE_OUTPUT, true));
  assert_true(in[0] == 0.5f); /* the daemon's buffer is not ours */
  engine_write(engine, 2048, in, 2048, oriel_clock_ns());
  assert_int_equal(oriel_audio_reader_read(reader, out, 2048, 0), 2048);
  assert_true(out[0] > 0 && out[4095] == 0);
  assert_true(engine_set_volume(engine, ENGINE_OUTPUT, NAN)); /* not-a-number is the lowest */
  oriel_audio_reader_close(reader);
  engine_destroy(engine);
}

static void engine_mute_that_was_set_while_idle_leaks_nothing(void **state) {
  (void)state;
  struct settings settings = rig_settings();
  snprintf(settings.shared_memory, sizeof settings.shared_memory, "oriel-test-%d", (int)getpid());
  struct engine *engine = rig_engine(&settings);
  struct oriel_audio_reader *reader = NULL;
  assert_int_equal(oriel_audio_reader_open(settings.shared_memory, 0, &reader), 0);
  static float in[2 * 512], out[2 * 512];
  for (int i = 0; i < 1024; i++)
    in[i] = 0.5f;
  for (int turn = 0; turn < 4; turn++) {
    engine_set_mute(engine, ENGINE_OUTPUT, turn % 2 == 0);
    assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
    engine_write(engine, turn * 512, in, 512, oriel_clock_ns());
    assert_int_equal(oriel_audio_reader_read(reader, out, 512, 0), 512);
    for (int i = 0; i < 1024; i++)
      assert_true(out[i] == (turn % 2 == 0 ? 0 : 0.5f));
    assert_int_equal(engine_stop(engine, ENGINE_OUTPUT, 1), 0);
  }
  oriel_audio_reader_close(reader);
  engine_destroy(engine);
}

/* Whoever tries but `most` times holds the turn or does not, at each bound: at the edge the last try may be the one
 * that succeeds, and a turn that nobody knows of would be nobody's for ever. */
static void engine_turn_is_held_or_left(void **state) {
  (void)state;
  for (int most = 0; most < 4; most++) {
    atomic_flag flag = ATOMIC_FLAG_INIT;
    const bool taken = turn_take(&flag, most);
    assert_true(taken == (most > 0));
    assert_false(taken && turn_take(&flag, most)); /* another's tries change nothing */
    if (taken)
      turn_give(&flag);
    assert_true(turn_take(&flag, 1)); /* so it is free now */
  }
}

static void engine_input_is_silent_without_a_microphone(void **state) {
  (void)state;
  struct settings settings = rig_settings();
  settings.input_channels = 3;
  settings.rate = 44100;
  struct engine *engine = rig_engine(&settings);
  float *frames = malloc(sizeof(float) * 3 * 4096);
  for (int64_t at = -100; at < 60000; at += 4096) {
    memset(frames, 0x55, sizeof(float) * 3 * 4096);
    engine_read(engine, at, frames, 4096, oriel_clock_ns());
    for (int i = 0; i < 3 * 4096; i++)
      assert_true(frames[i] == 0);
  }
  free(frames);
  engine_destroy(engine);
}

static void engine_reconfigures_rate_and_channels(void **state) {
  (void)state;
  struct settings settings = rig_settings();
  snprintf(settings.shared_memory, sizeof settings.shared_memory, "oriel-test-%d", (int)getpid());
  struct engine *engine = rig_engine(&settings);
  struct engine_device device;
  uint64_t frame, host, seed, seed2;
  engine_stamp(engine, ENGINE_OUTPUT, &frame, &host, &seed);
  engine_reconfigure(engine, ENGINE_OUTPUT, 96000, 16);
  engine_reconfigure(engine, ENGINE_INPUT, 88200, 1);
  engine_device(engine, ENGINE_OUTPUT, &device);
  assert_true(device.rate == 96000 && device.channels == 16);
  engine_stamp(engine, ENGINE_OUTPUT, &frame, &host, &seed2);
  assert_true(seed != seed2);
  engine_reconfigure(engine, ENGINE_OUTPUT, 96000, 8); /* the same rate: the same timeline */
  engine_stamp(engine, ENGINE_OUTPUT, &frame, &host, &seed);
  assert_int_equal(seed, seed2);
  struct oriel_audio_reader *reader = NULL;
  struct oriel_audio_info info;
  assert_int_equal(oriel_audio_reader_open(settings.shared_memory, 0, &reader), 0);
  assert_int_equal(oriel_audio_reader_info(reader, &info), 0);
  assert_true(info.channels == 8 && info.rate == 96000);
  oriel_audio_reader_close(reader);
  engine_destroy(engine);
}

static void engine_status_is_one_object(void **state) {
  (void)state;
  struct settings settings = rig_settings();
  strcpy(settings.output_name, "a \"b\" \\");
  memset(settings.transport, 'x', 300);
  struct engine *engine = rig_engine(&settings);
  char text[ENGINE_STATUS_SIZE];
  const size_t size = engine_status(engine, text);
  assert_int_equal(size, strlen(text));
  assert_non_null(strstr(text, "\"a \\\"b\\\" "));
  assert_string_equal(text + size - 2, "}\n");
  engine_destroy(engine);
}

/* All calls at once: for the thread sanitizer. */
static void *storm(void *context) {
  struct engine *engine = context;
  char text[ENGINE_STATUS_SIZE];
  for (uint32_t i = 0; i < 200; i++) {
    struct settings settings = rig_settings();
    uint64_t frame, host, seed;
    engine_start(engine, i % 2 ? ENGINE_OUTPUT : ENGINE_INPUT, 3);
    engine_set_volume(engine, ENGINE_OUTPUT, (float)(i % 10) / 10);
    engine_stamp(engine, ENGINE_OUTPUT, &frame, &host, &seed);
    engine_status(engine, text);
    settings.bitrate_kbps = 16 + i;
    engine_apply(engine, &settings);
    engine_stop(engine, i % 2 ? ENGINE_OUTPUT : ENGINE_INPUT, 3);
  }
  return NULL;
}

static void *record(void *context) {
  static float frames[2 * 256];
  for (int64_t at = 0; at < 200 * 256; at += 256)
    engine_read(context, at, frames, 256, oriel_clock_ns());
  return NULL;
}

static void engine_survives_all_at_once(void **state) {
  (void)state;
  const struct settings settings = rig_settings();
  struct engine *engine = rig_engine(&settings);
  pthread_t threads[4];
  static float frames[2 * 512];
  for (int i = 0; i < 3; i++)
    pthread_create(&threads[i], NULL, storm, engine);
  pthread_create(&threads[3], NULL, record, engine);
  for (int64_t at = 0; at < 400 * 512; at += 512)
    engine_write(engine, at, frames, 512, oriel_clock_ns());
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  assert_int_equal(starts(engine, ENGINE_OUTPUT), 0);
  assert_int_equal(starts(engine, ENGINE_INPUT), 0);
  engine_destroy(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine_counts_starts_per_client),
    cmocka_unit_test(engine_clock_stays_when_clients_come_and_go),
    cmocka_unit_test(engine_output_reaches_shared_memory_exactly),
    cmocka_unit_test(engine_volume_and_mute_change_what_is_played),
    cmocka_unit_test(engine_mute_that_was_set_while_idle_leaks_nothing),
    cmocka_unit_test(engine_turn_is_held_or_left),
    cmocka_unit_test(engine_input_is_silent_without_a_microphone),
    cmocka_unit_test(engine_reconfigures_rate_and_channels),
    cmocka_unit_test(engine_status_is_one_object),
    cmocka_unit_test(engine_survives_all_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
