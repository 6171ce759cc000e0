/* SPDX-License-Identifier: MIT
 *
 * The driver's checks. See checks.h.
 */
#include "tests/darwin/driver/checks.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/host_time.h"
#include "wire/audio.h"

static hal_factory (*fresh_factory)(void);
static void (*drop_factory)(void);

static struct hal *open_driver(bool real_time) {
  struct hal_options options = {.factory = fresh_factory(), .real_time = real_time};
  struct hal *hal = NULL;
  char why[256] = "";
  cf_faults_reset();
  if (!options.factory || hal_open(&options, &hal, why, sizeof why) != 0)
    fail_msg("no driver: %s", why);
  return hal;
}

static void expect_clean(struct hal *hal) {
  size_t faults = hal_fault_count(hal);
  if (faults)
    hal_print(hal);
  hal_close(hal);
  if (drop_factory)
    drop_factory();
  host_time_set_base(1, 1);
  if (cf_fault_count())
    fail_msg("%s", cf_fault_text());
  assert_int_equal(faults, 0);
}

static void driver_has_no_fault(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  hal_check_all(hal);
  expect_clean(hal);
}

/* Apple silicon counts in other ticks. */
static void driver_has_no_fault_at_24_mhz(void **state) {
  (void)state;
  host_time_set_base(125, 3);
  struct hal *hal = open_driver(false);
  hal_check_all(hal);
  expect_clean(hal);
}

static void driver_survives_a_storm(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  hal_check_storm(hal, 1000);
  expect_clean(hal);
}

static void driver_stamps_agree_between_threads(void **state) {
  (void)state;
  struct hal *hal = open_driver(true);
  hal_check_stamps_threads(hal, 0.7);
  expect_clean(hal);
}

/* The daemon restarts: each life begins as the first did. */
static void driver_starts_again(void **state) {
  (void)state;
  for (int life = 0; life < 20; life++) {
    struct hal *hal = open_driver(false);
    hal_check_clients(hal);
    hal_check_rates(hal);
    expect_clean(hal);
  }
}

/* A clock that is off by a frame a day is off: the stamps of days keep their line. */
static void driver_keeps_time_for_days(void **state) {
  (void)state;
  struct hal *hal = open_driver(false);
  struct hal_device devices[HAL_DEVICES_MAX];
  assert_true(hal_devices(hal, devices) > 0);
  UInt32 client = hal_client_add(hal, devices[0].id);
  hal_client_start(hal, devices[0].id, client);
  double rate = devices[0].rate, start = hal_sample_time(hal, devices[0].id, client), passed = 0;
  uint64_t host = host_time_now();
  for (int hour = 0; hour < 24 * 7; hour++) {
    host_time_advance((uint64_t)(3600 * host_time_ticks_per_second()));
    double now = hal_sample_time(hal, devices[0].id, client);
    passed = (double)(host_time_now() - host) / host_time_ticks_per_second() * rate;
    if (now - start < passed - 1 || now - start > passed + 1)
      fail_msg("after %d hours the clock is %g frames off", hour + 1, now - start - passed);
  }
  hal_client_stop(hal, devices[0].id, client);
  hal_client_remove(hal, devices[0].id, client);
  expect_clean(hal);
}

/* What is played comes out of the transport bit for bit, from the newest on, and no frame is missing or doubled; also
 * when the far end goes and comes back. */
enum { SETTINGS_PROPERTY = 0x6f736574, RUN_FRAMES = 24000, CYCLE = 256 };

static float sound_of(int64_t frame, unsigned channel) {
  return (float)(frame % 60000 + 1) / (channel ? -65536.0f : 65536.0f);
}

struct far_end {
  int listener, fd;
  char path[64];
  struct oriel_audio_framer framer;
  int64_t last;  /* the frame heard last, -1: none yet */
  int64_t whole; /* frames in a row that were bit for bit what was played */
  unsigned gaps;
};

static void far_listen(struct far_end *end) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memset(end, 0, sizeof *end);
  snprintf(end->path, sizeof end->path, "/tmp/oriel-hal-%d.sock", (int)getpid());
  unlink(end->path);
  strcpy(address.sun_path, end->path);
  end->fd = -1;
  end->last = -1;
  end->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(end->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(end->listener, 1), 0);
}

static void far_close(struct far_end *end) {
  if (end->fd >= 0)
    close(end->fd);
  close(end->listener);
  unlink(end->path);
}

static void far_packet(struct far_end *end, const uint8_t *packet, size_t size) {
  float samples[ORIEL_AUDIO_PCM_FRAMES_MAX * 2];
  size_t frames = 0;
  assert_int_equal(oriel_audio_read_pcm(packet, size, samples, &frames), 0);
  for (size_t i = 0; i < frames; i++) {
    int64_t frame = (int64_t)(samples[2 * i] * 65536.0f) - 1;
    bool exact = samples[2 * i] == sound_of(frame, 0) && samples[2 * i + 1] == sound_of(frame, 1) && frame >= 0;
    if (exact && end->last >= 0 && frame != (end->last + 1) % 60000)
      end->gaps++;
    end->whole = exact ? end->whole + 1 : 0;
    end->last = exact ? frame : -1;
  }
}

/* Takes what is there, without waiting. */
static void far_drain(struct far_end *end) {
  uint8_t bytes[8192];
  if (end->fd < 0)
    end->fd = accept4(end->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  ssize_t count = 0;
  while (end->fd >= 0 && (count = read(end->fd, bytes, sizeof bytes)) > 0) {
    const uint8_t *data = bytes, *packet = NULL;
    size_t size = (size_t)count, packet_size = 0;
    while (oriel_audio_framer_next(&end->framer, &data, &size, &packet, &packet_size) == 1)
      far_packet(end, packet, packet_size);
  }
}

static void set_transport(struct hal *hal, const char *path) {
  char text[128];
  snprintf(text, sizeof text, path ? "Transport = unix://%s?format=pcm\n" : "Transport = none\n", path);
  CFStringRef string = CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);
  assert_int_equal(hal_set(hal, kAudioObjectPlugInObject, SETTINGS_PROPERTY, kAudioObjectPropertyScopeGlobal, &string,
                           sizeof string),
                   0);
  CFRelease(string);
}

/* Cycles at their pace until `wanted` frames in a row were heard; false after `limit` cycles. */
static bool play_until(struct hal *hal, const struct hal_device *device, UInt32 client, struct far_end *end,
                       int64_t *at, int64_t wanted, unsigned limit) {
  float samples[CYCLE * 2];
  double start = (double)*at;
  uint64_t begin = host_time_now();
  for (unsigned i = 0; i < limit && end->whole < wanted; i++) {
    for (size_t k = 0; k < CYCLE; k++)
      for (unsigned c = 0; c < 2; c++)
        samples[2 * k + c] = sound_of(*at + (int64_t)k, c);
    hal_play(hal, device, client, (double)*at, CYCLE, samples);
    *at += CYCLE;
    double due = ((double)*at - start) / device->rate, passed = 0;
    do {
      poll(&(struct pollfd){.fd = end->fd < 0 ? end->listener : end->fd, .events = POLLIN}, 1, 1);
      far_drain(end);
      passed = (double)(host_time_now() - begin) / host_time_ticks_per_second();
    } while (passed < due);
  }
  return end->whole >= wanted;
}

static void driver_carries_what_is_played(void **state) {
  (void)state;
  struct hal *hal = open_driver(true);
  struct hal_device devices[HAL_DEVICES_MAX];
  struct far_end end;
  assert_true(hal_devices(hal, devices) > 0);
  const struct hal_device *output = &devices[0];
  assert_int_equal(output->output_channels, 2);
  far_listen(&end);
  set_transport(hal, end.path);
  UInt32 client = hal_client_add(hal, output->id);
  hal_client_start(hal, output->id, client);
  int64_t at = (int64_t)hal_sample_time(hal, output->id, client) + 512;
  assert_true(play_until(hal, output, client, &end, &at, RUN_FRAMES, 1000));
  /* The far end goes; the driver comes back by itself, a second later. */
  close(end.fd);
  end.fd = -1;
  end.whole = 0;
  end.last = -1;
  memset(&end.framer, 0, sizeof end.framer);
  assert_true(play_until(hal, output, client, &end, &at, RUN_FRAMES / 2, 1500));
  if (end.gaps > 2) /* a machine too busy to run the driver's thread makes it cut its backlog */
    fail_msg("%u gaps", end.gaps);
  set_transport(hal, NULL);
  hal_client_stop(hal, output->id, client);
  hal_client_remove(hal, output->id, client);
  far_close(&end);
  expect_clean(hal);
}

int checks_run(hal_factory (*fresh)(void), void (*drop)(void)) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(driver_has_no_fault),           cmocka_unit_test(driver_has_no_fault_at_24_mhz),
      cmocka_unit_test(driver_survives_a_storm),       cmocka_unit_test(driver_stamps_agree_between_threads),
      cmocka_unit_test(driver_starts_again),           cmocka_unit_test(driver_keeps_time_for_days),
      cmocka_unit_test(driver_carries_what_is_played),
  };
  fresh_factory = fresh;
  drop_factory = drop;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
