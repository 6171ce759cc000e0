/* SPDX-License-Identifier: MIT
 *
 * What a token or a session's secret stood in is wiped before it is freed, however its connection ends: the linker's
 * --wrap lets this test look at each piece of memory that the server frees, and at the random numbers it draws.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <cmocka.h>

#include "page.h"
#include "rig.h"
#include "wire/viewer.h"

enum { NEEDLES_MAX = 16, NEEDLE_SIZE = 64 };

/* The loop's thread draws secrets and counts them when they are written; every thread frees. Read here when the
 * server has stopped. */
static struct {
  bool armed;
  char needles[NEEDLES_MAX][NEEDLE_SIZE + 1];
  unsigned needle_count, frees, found;
} look;

void *__real_malloc(size_t size);
void __real_free(void *memory);
ssize_t __real_getrandom(void *bytes, size_t size, unsigned flags);
void *__wrap_malloc(size_t size);
void __wrap_free(void *memory);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);

/* Without what somebody else freed before. */
void *__wrap_malloc(size_t size) {
  return calloc(1, size);
}

void __wrap_free(void *memory) {
  if (memory && __atomic_load_n(&look.armed, __ATOMIC_ACQUIRE)) {
    const size_t size = malloc_usable_size(memory);
    const unsigned count = __atomic_load_n(&look.needle_count, __ATOMIC_ACQUIRE);
    __atomic_add_fetch(&look.frees, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < count; i++)
      if (memmem(memory, size, look.needles[i], strlen(look.needles[i])))
        __atomic_add_fetch(&look.found, 1, __ATOMIC_RELAXED);
  }
  __real_free(memory);
}

/* A session's id or secret is 32 of them, in hexadecimal digits. */
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags) {
  const ssize_t got = __real_getrandom(bytes, size, flags);
  if (got == NEEDLE_SIZE / 2 && look.needle_count < NEEDLES_MAX && __atomic_load_n(&look.armed, __ATOMIC_ACQUIRE)) {
    for (unsigned i = 0; i < NEEDLE_SIZE / 2; i++)
      snprintf(look.needles[look.needle_count] + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
    __atomic_add_fetch(&look.needle_count, 1, __ATOMIC_RELEASE);
  }
  return got;
}

static void arm(struct rig *rig) {
  memset(&look, 0, sizeof look);
  strcpy(look.needles[look.needle_count++], RIG_TOKEN);
  *rig = (struct rig){.address = "pattern:?size=320x240&scene=static"};
  rig_start(rig);
  __atomic_store_n(&look.armed, true, __ATOMIC_RELEASE);
}

/* More secrets than `least` were looked for: the token, and those that sessions drew. */
static void expect_nothing_left(struct rig *rig, unsigned least) {
  rig_stop(rig);
  __atomic_store_n(&look.armed, false, __ATOMIC_RELEASE);
  assert_true(look.needle_count > least);
  assert_true(look.frees > 0);
  assert_int_equal(look.found, 0);
}

static int stranger(const struct rig *rig) {
  char headers[256];
  snprintf(headers, sizeof headers,
           "Origin: http://127.0.0.1:%u\r\nSec-WebSocket-Protocol: " ORIEL_VIEWER_SUBPROTOCOL
           ", " ORIEL_VIEWER_SUBPROTOCOL_LOGIN "\r\n", rig->port);
  return ws_open_as(rig, headers);
}

static void send_login(int fd, bool fin) {
  uint8_t message[6 + sizeof RIG_TOKEN - 1] = {ORIEL_VIEWER_LOGIN, 0, 0, 0, sizeof RIG_TOKEN - 1};
  memcpy(message + 6, RIG_TOKEN, sizeof RIG_TOKEN - 1);
  assert_true(ws_send(fd, fin, 2, message, sizeof message));
}

static bool has_begun(const struct oriel_server_stats *stats) {
  return stats->messages_in > 0;
}

static void wipe_of_a_viewer_that_dies_right_after_its_token(void **state) {
  (void)state;
  struct rig rig;
  arm(&rig);
  int fd = stranger(&rig);
  send_login(fd, true);
  assert_true(rig_until(&rig, has_begun, 5000));
  cut(fd);
  expect_nothing_left(&rig, 1);
}

static bool has_bytes(const struct oriel_server_stats *stats) {
  return stats->bytes_in >= 6 + sizeof RIG_TOKEN;
}

/* The message is larger than the room within the connection, and never whole. */
static void wipe_of_a_viewer_that_dies_within_its_token(void **state) {
  (void)state;
  struct rig rig;
  arm(&rig);
  int fd = stranger(&rig);
  send_login(fd, false);
  static const uint8_t more[600];
  assert_true(ws_send(fd, false, 0, more, sizeof more));
  assert_true(rig_until(&rig, has_bytes, 5000));
  cut(fd);
  expect_nothing_left(&rig, 0);
}

static bool has_request(const struct oriel_server_stats *stats) {
  return stats->requests > 0;
}

static void wipe_of_a_log_in_that_breaks_off(void **state) {
  (void)state;
  struct rig rig;
  arm(&rig);
  int fd = dial(&rig);
  send_text(fd, "POST /session HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
                "Content-Length: 100\r\n\r\n{\"token\":\"" RIG_TOKEN "\"", rig.port);
  assert_true(rig_until(&rig, has_request, 5000));
  shutdown(fd, SHUT_WR);
  char end;
  while (read(fd, &end, 1) > 0) /* the server has seen all of it */
    ;
  close(fd);
  expect_nothing_left(&rig, 0);
}

static struct answer answer;

static void wipe_of_what_log_ins_answer(void **state) {
  (void)state;
  struct rig rig;
  arm(&rig);
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"token\":\"" RIG_TOKEN "\"}"), 200);
  assert_int_equal(ask(&rig, &answer, "POST /session", "", "{\"tokens\":\"" RIG_TOKEN "\"}"), 400);
  expect_nothing_left(&rig, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(wipe_of_a_viewer_that_dies_right_after_its_token),
    cmocka_unit_test(wipe_of_a_viewer_that_dies_within_its_token),
    cmocka_unit_test(wipe_of_a_log_in_that_breaks_off),
    cmocka_unit_test(wipe_of_what_log_ins_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
