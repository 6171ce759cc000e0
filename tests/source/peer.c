/* SPDX-License-Identifier: MIT
 *
 * Meeting, and parting.
 */
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

/* GLib is not built for ThreadSanitizer: what it does inside looks like races. What we do is still watched. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
  return "ignore_noninstrumented_modules=1";
}

struct peer test;

int peer_begin(void **state) {
  (void)state;
  memset(&test, 0, sizeof test);
  snprintf(test.path, sizeof test.path, "/tmp/oriel-peer-test-%d", (int)getpid());
  unlink(test.path);
  return 0;
}

int peer_end(void **state) {
  (void)state;
  if (test.source) {
    oriel_source_destroy(test.source);
    recorder_finish(&test.recorder);
  }
  if (test.fake)
    fake_qemu_stop(test.fake);
  test.source = NULL;
  test.fake = NULL;
  return 0;
}

void peer_attach(void) {
  char address[96], why[160];
  snprintf(address, sizeof address, "qemu:%s", test.path);
  recorder_init(&test.recorder);
  assert_int_equal(oriel_source_create(address, &test.source, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(test.source, &test.recorder.sink), 0);
}

void peer_start(const struct fake_qemu_options *options) {
  test.fake = fake_qemu_start(test.path, options);
  peer_attach();
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
}

void peer_meet(const struct fake_qemu_options *options) {
  peer_start(options);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "fake runs", PEER_PATIENCE_MS));
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 1));
  peer_wait_input_reset();
}

/* The releases at the start go out beside everything else; the last is that of the fifth button, which has the number
 * of a key, too. */
void peer_wait_input_reset(void) {
  const uint64_t limit = oriel_clock_ns() + (uint64_t)PEER_PATIENCE_MS * ORIEL_NS_PER_MS;
  while (fake_qemu_count(test.fake, "Release(6,)") < 2 && oriel_clock_ns() < limit)
    g_usleep(1000);
  assert_true(fake_qemu_count(test.fake, "Release(6,)") >= 2);
}

GVariant *peer_bytes(size_t size, int fill) {
  char *data = malloc(size + 1);
  memset(data, fill, size);
  return g_variant_new_from_data(G_VARIANT_TYPE("ay"), data, size, TRUE, free, data);
}

GVariant *peer_pcm(guint64 id, guchar bits, guint32 rate, guchar channels, bool big_endian) {
  return g_variant_new("(tybbuyuub)", id, bits, TRUE, FALSE, rate, channels, 4, 192000, (gboolean)big_endian);
}
