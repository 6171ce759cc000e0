/* SPDX-License-Identifier: MIT
 *
 * The two examples, as their users run them, against a device that plays a square wave of amplitude 0.5 on the left and
 * 0.25 on the right. usage: examples_test METER RECORDER
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "tests/audio/device.h"

enum { BLOCK = 240 };

static const char *meter, *recorder;
static char name[32];
static atomic_bool over;

static void *play(void *writer) {
  float frames[BLOCK * DEVICE_CHANNELS];
  for (size_t i = 0; i < BLOCK; i++) {
    frames[2 * i] = i / 60 % 2 ? 0.5f : -0.5f;
    frames[2 * i + 1] = i / 60 % 2 ? -0.25f : 0.25f;
  }
  uint64_t due_ns = oriel_audio_clock_ns();
  oriel_audio_writer_set_running(writer, true);
  while (!atomic_load(&over)) {
    oriel_audio_writer_write(writer, frames, BLOCK, oriel_audio_clock_ns());
    due_ns += 1000000000ull * BLOCK / DEVICE_RATE;
    const struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000u), .tv_nsec = (long)(due_ns % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  }
  return NULL;
}

static void examples_meter(void **state) {
  (void)state;
  char command[1024], text[64];
  snprintf(command, sizeof command, "%s %s 3", meter, name);
  FILE *out = popen(command, "r");
  assert_non_null(out);
  for (int i = 0; i < 3; i++) {
    assert_non_null(fgets(text, sizeof text, out));
    assert_string_equal(text, "   -6.0  -12.0 dB\n");
  }
  assert_int_equal(pclose(out), 0);
}

static void examples_recorder(void **state) {
  (void)state;
  char command[1024], path[64];
  snprintf(path, sizeof path, "/tmp/%s.wav", name);
  snprintf(command, sizeof command, "%s %s %s 0.25", recorder, name, path);
  assert_int_equal(system(command), 0);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  enum { COUNT = DEVICE_RATE / 4 };
  uint32_t header[11];
  static float frames[COUNT * DEVICE_CHANNELS + 1];
  assert_int_equal(fread(header, sizeof header, 1, file), 1);
  assert_memory_equal(header, "RIFF", 4);
  assert_int_equal(header[1], 36 + COUNT * 8);
  assert_memory_equal(header + 2, "WAVEfmt ", 8);
  assert_int_equal(header[4], 16);
  assert_int_equal(header[5], 2 << 16 | 3);
  assert_int_equal(header[6], DEVICE_RATE);
  assert_int_equal(header[7], DEVICE_RATE * 8);
  assert_int_equal(header[8], 32 << 16 | 8);
  assert_memory_equal(header + 9, "data", 4);
  assert_int_equal(header[10], COUNT * 8);
  assert_int_equal(fread(frames, sizeof *frames, COUNT * DEVICE_CHANNELS + 1, file), COUNT * DEVICE_CHANNELS);
  fclose(file);
  unlink(path);
  for (size_t i = 0; i < COUNT; i++)
    assert_true(frames[2 * i] * frames[2 * i] == 0.25f && frames[2 * i + 1] == frames[2 * i] * -0.5f);
}

static void examples_without_device(void **state) {
  (void)state;
  char command[1024], text[256];
  snprintf(command, sizeof command, "%s no-such-device 2>&1", meter);
  FILE *out = popen(command, "r");
  assert_non_null(out);
  assert_non_null(fgets(text, sizeof text, out));
  assert_non_null(strstr(text, oriel_audio_error_text(ORIEL_AUDIO_NOT_INSTALLED)));
  assert_int_equal(WEXITSTATUS(pclose(out)), 1);
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  meter = argv[1];
  recorder = argv[2];
  struct oriel_audio_writer *writer;
  pthread_t thread;
  if (oriel_audio_writer_create(device_name("examples", name), &device_config, &writer) < 0 ||
      pthread_create(&thread, NULL, play, writer) != 0)
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(examples_meter),
    cmocka_unit_test(examples_recorder),
    cmocka_unit_test(examples_without_device),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  atomic_store(&over, true);
  pthread_join(thread, NULL);
  oriel_audio_writer_destroy(writer);
  return failed;
}
