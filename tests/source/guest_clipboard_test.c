/* SPDX-License-Identifier: MIT
 *
 * source/guest_clipboard over real sockets: texts both ways, what peers may send and what ends them, and QEMU's port,
 * behind which nobody sees who is there. Every wait has a bound.
 */
#include "source/guest_clipboard.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clipboard.h"
#include "core/clock.h"
#include "core/log.h"
#include "wire/clipboard_stream.h"

enum { PATIENCE_S = 20, KNOCK_SIZE = 5 };

static struct fixture {
  char folder[40], path[64], address[96];
  struct oriel_clipboard_end *end;
  int qemu; /* listens where a port of QEMU's would be; -1 = none */
  pthread_mutex_t lock; /* guards the rest */
  pthread_cond_t changed;
  unsigned texts, nothings;
  bool is_present;
  struct oriel_packet *last;
} test;

static void on_text(void *user, struct oriel_packet *text) {
  assert_ptr_equal(user, &test);
  pthread_mutex_lock(&test.lock);
  oriel_packet_unref(test.last);
  test.last = text ? oriel_packet_ref(text) : NULL;
  test.texts += text != NULL;
  test.nothings += text == NULL;
  pthread_cond_broadcast(&test.changed);
  pthread_mutex_unlock(&test.lock);
}

static void on_present(void *user, bool is_present) {
  assert_ptr_equal(user, &test);
  pthread_mutex_lock(&test.lock);
  assert_true(test.is_present != is_present);
  test.is_present = is_present;
  pthread_cond_broadcast(&test.changed);
  pthread_mutex_unlock(&test.lock);
}

static bool is_last(const char *text, size_t size) {
  return test.last && test.last->size == size && memcmp(test.last->data, text, size) == 0;
}

/* Under the lock: waits until something changes; false when it is too late. */
static bool wait_change(const struct timespec *until) {
  return pthread_cond_timedwait(&test.changed, &test.lock, until) == 0;
}

static struct timespec deadline(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE_S;
  return until;
}

static void wait_text(const char *text, size_t size) {
  const struct timespec until = deadline();
  pthread_mutex_lock(&test.lock);
  while (!is_last(text, size) && wait_change(&until))
    ;
  assert_true(is_last(text, size));
  pthread_mutex_unlock(&test.lock);
}

static void wait_present(bool is_present) {
  const struct timespec until = deadline();
  pthread_mutex_lock(&test.lock);
  while (test.is_present != is_present && wait_change(&until))
    ;
  assert_int_equal(test.is_present, is_present);
  pthread_mutex_unlock(&test.lock);
}

static unsigned texts(void) {
  pthread_mutex_lock(&test.lock);
  const unsigned count = test.texts;
  pthread_mutex_unlock(&test.lock);
  return count;
}

static struct sockaddr_un name(void) {
  struct sockaddr_un is = {.sun_family = AF_UNIX};
  snprintf(is.sun_path, sizeof is.sun_path, "%s", test.path);
  return is;
}

static void start(bool dials) {
  static const struct oriel_clipboard_end_sink sink = {&test, on_text, on_present};
  char why[256];
  assert_int_equal(oriel_guest_clipboard_create(test.address, dials, &test.end, why, sizeof why), 0);
  assert_int_equal(test.end->impl->start(test.end, &sink), 0);
}

static int set_up(void **state) {
  (void)state;
  test = (struct fixture){.folder = "/tmp/oriel-clip-XXXXXX", .qemu = -1};
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  pthread_mutex_init(&test.lock, NULL);
  pthread_cond_init(&test.changed, NULL);
  assert_non_null(mkdtemp(test.folder));
  snprintf(test.path, sizeof test.path, "%s/s", test.folder);
  snprintf(test.address, sizeof test.address, "unix://%s", test.path);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  if (test.end)
    test.end->impl->destroy(test.end);
  if (test.qemu >= 0) {
    close(test.qemu);
    unlink(test.path);
  }
  oriel_packet_unref(test.last);
  assert_int_equal(rmdir(test.folder), 0); /* its files went with it */
  pthread_cond_destroy(&test.changed);
  pthread_mutex_destroy(&test.lock);
  return 0;
}

/* ---- a guest ---- */

static int connect_guest(void) {
  const struct sockaddr_un is = name();
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct timeval limit = {.tv_sec = PATIENCE_S};
  assert_true(fd >= 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&is, sizeof is), 0);
  return fd;
}

static void send_bytes(int fd, const void *bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    const ssize_t sent = send(fd, (const char *)bytes + at, size - at, MSG_NOSIGNAL);
    assert_true(sent > 0);
    at += (size_t)sent;
  }
}

static void send_text(int fd, const char *text, size_t size) {
  const uint8_t length[] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
  send_bytes(fd, length, sizeof length);
  send_bytes(fd, text, size);
}

static void read_bytes(int fd, void *bytes, size_t size) {
  assert_int_equal(recv(fd, bytes, size, MSG_WAITALL), (ssize_t)size);
}

static void read_text(int fd, const char *text, size_t size) {
  uint8_t length[4], *bytes = malloc(size);
  assert_non_null(bytes);
  read_bytes(fd, length, sizeof length);
  assert_int_equal((size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3], size);
  read_bytes(fd, bytes, size);
  assert_memory_equal(bytes, text, size);
  free(bytes);
}

static void read_end(int fd) {
  char byte;
  const ssize_t size = recv(fd, &byte, 1, 0);
  assert_true(size == 0 || (size < 0 && errno == ECONNRESET));
  close(fd);
}

static int give(const char *text, size_t size) {
  struct oriel_packet *packet;
  assert_int_equal(oriel_clipboard_create(text, size, &packet), 0);
  const int result = test.end->impl->give(test.end, packet);
  oriel_packet_unref(packet);
  return result;
}

static char *large(char fill) {
  char *text = malloc(ORIEL_CLIPBOARD_MAX);
  assert_non_null(text);
  memset(text, fill, ORIEL_CLIPBOARD_MAX);
  return text;
}

/* ---- cases ---- */

static void address_of_no_stream_is_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"udp://127.0.0.1:9", "unix:///tmp/x?format=pcm", "gopher://x", "shm://x", ""};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct oriel_clipboard_end *end = NULL;
    char why[256] = "";
    assert_true(oriel_guest_clipboard_create(wrong[i], false, &end, why, sizeof why) < 0);
    assert_null(end);
    assert_true(why[0] != '\0');
  }
}

static void texts_go_both_ways(void **state) {
  (void)state;
  start(false);
  assert_int_equal(give("early", 5), -ENOTCONN);
  const int guest = connect_guest();
  wait_present(true);
  send_text(guest, "gr\xc3\xbc\xc3\x9f", 6);
  wait_text("gr\xc3\xbc\xc3\x9f", 6);
  assert_int_equal(give("back", 4), 0);
  read_text(guest, "back", 4);
  assert_int_equal(give("back", 4), 0); /* what it has now the desktop knows */
  read_text(guest, "back", 4);
  const unsigned before = texts();
  send_text(guest, "back", 4); /* an echo */
  send_text(guest, "other", 5);
  wait_text("other", 5);
  assert_int_equal(texts(), before + 1);
  close(guest);
  wait_present(false);
  assert_int_equal(give("late", 4), -ENOTCONN);
}

static void a_mebibyte_goes_both_ways(void **state) {
  (void)state;
  start(false);
  const int guest = connect_guest();
  wait_present(true);
  char *text = large('x'), *back = large('y');
  send_text(guest, text, ORIEL_CLIPBOARD_MAX);
  wait_text(text, ORIEL_CLIPBOARD_MAX);
  assert_int_equal(give(back, ORIEL_CLIPBOARD_MAX), 0);
  read_text(guest, back, ORIEL_CLIPBOARD_MAX);
  free(text);
  free(back);
  close(guest);
}

static void the_newest_guest_is_the_one(void **state) {
  (void)state;
  start(false);
  const int old = connect_guest();
  wait_present(true);
  send_text(old, "old", 3);
  wait_text("old", 3);
  const int fresh = connect_guest();
  read_end(old);
  send_text(fresh, "fresh", 5);
  wait_text("fresh", 5);
  pthread_mutex_lock(&test.lock);
  assert_int_equal(test.nothings, 2); /* what a guest before had is not known to be the next one's */
  pthread_mutex_unlock(&test.lock);
  assert_int_equal(give("to it", 5), 0);
  read_text(fresh, "to it", 5);
  close(fresh);
}

static void what_is_wrong_ends_its_stream_alone(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
  } wrong[] = {{"\xff\xff\xff\xff", 4}, {"\0\x10\0\1", 4}, {"\0\0\0\0", 4}, {"\x80\0\0\0text", 8}};
  start(false);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    const int guest = connect_guest();
    send_bytes(guest, wrong[i].bytes, wrong[i].size);
    read_end(guest);
  }
  const int guest = connect_guest();
  send_text(guest, "\xff\xfe", 2);
  send_text(guest, "a\0b", 3);
  send_text(guest, "fine", 4);
  wait_text("fine", 4);
  close(guest);
}

static void a_guest_cut_at_every_byte_harms_nobody(void **state) {
  (void)state;
  static const char bytes[] = "\0\0\0\5first\0\0\0\6second";
  start(false);
  for (size_t cut = 0; cut < sizeof bytes - 1; cut++) {
    const int guest = connect_guest();
    send_bytes(guest, bytes, cut);
    close(guest);
  }
  const int guest = connect_guest();
  send_bytes(guest, bytes, sizeof bytes - 1);
  wait_text("second", 6);
  close(guest);
}

/* One that never reads keeps the newest waiting, and nothing else. */
static void a_guest_that_does_not_read_gets_the_newest(void **state) {
  (void)state;
  start(false);
  const int guest = connect_guest();
  wait_present(true);
  char *first = large('a'), *last = large('z');
  assert_int_equal(give(first, ORIEL_CLIPBOARD_MAX), 0);
  char length[4];
  read_bytes(guest, length, 4); /* that one has begun */
  for (int i = 0; i < 20; i++)
    assert_int_equal(give(i % 2 ? "odd" : "even", i % 2 ? 3 : 4), 0);
  send_text(guest, "still heard", 11); /* is newer than what waits, which is forgotten */
  wait_text("still heard", 11);
  assert_int_equal(give(last, ORIEL_CLIPBOARD_MAX), 0);
  read_bytes(guest, first, ORIEL_CLIPBOARD_MAX);
  read_text(guest, last, ORIEL_CLIPBOARD_MAX);
  free(first);
  free(last);
  close(guest);
}

static void a_flood_is_told_of_by_its_newest(void **state) {
  (void)state;
  start(false);
  const int guest = connect_guest();
  wait_present(true);
  const uint64_t began_ns = oriel_clock_ns();
  char text[24];
  for (int i = 0; i < 20000; i++)
    send_text(guest, text, (size_t)snprintf(text, sizeof text, "%d", i));
  wait_text("19999", 5);
  const uint64_t turns = (oriel_clock_ns() - began_ns) / (20 * ORIEL_NS_PER_MS);
  assert_true(texts() <= turns + 2);
  close(guest);
}

/* ---- QEMU's port ---- */

static int accept_port(void) {
  struct pollfd polled = {.fd = test.qemu, .events = POLLIN};
  assert_int_equal(poll(&polled, 1, PATIENCE_S * 1000), 1);
  const int fd = accept(test.qemu, NULL, NULL);
  const struct timeval limit = {.tv_sec = PATIENCE_S};
  assert_true(fd >= 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  return fd;
}

static void open_port(void) {
  const struct sockaddr_un is = name();
  test.qemu = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(test.qemu >= 0);
  assert_int_equal(bind(test.qemu, (const struct sockaddr *)&is, sizeof is), 0);
  assert_int_equal(listen(test.qemu, 4), 0);
}

static void a_port_is_present_when_somebody_knocks(void **state) {
  (void)state;
  open_port();
  start(true);
  const int port = accept_port();
  char knock[KNOCK_SIZE];
  read_bytes(port, knock, sizeof knock); /* asked, whether somebody is there */
  assert_memory_equal(knock, "\0\0\0\1\0", sizeof knock);
  assert_int_equal(give("nobody", 6), -ENOTCONN);
  send_bytes(port, knock, sizeof knock);
  wait_present(true);
  assert_int_equal(texts(), 0);
  assert_int_equal(give("somebody", 8), 0);
  read_text(port, "somebody", 8);
  close(port);
  wait_present(false);
}

/* Its agent has gone, QEMU has not: what nobody reads for a second and a half is the last that is sent. */
static void a_port_that_nobody_reads_is_left(void **state) {
  (void)state;
  open_port();
  start(true);
  const int port = accept_port();
  char knock[KNOCK_SIZE];
  read_bytes(port, knock, sizeof knock);
  send_bytes(port, knock, sizeof knock);
  wait_present(true);
  const uint64_t began_ns = oriel_clock_ns();
  int result = 0;
  while (result == 0 && oriel_clock_ns() < began_ns + PATIENCE_S * ORIEL_NS_PER_SECOND) {
    result = give("text", 4);
    poll(NULL, 0, 20);
    if (oriel_clock_ns() < began_ns + ORIEL_NS_PER_SECOND)
      assert_int_equal(result, 0);
    else
      poll(NULL, 0, 1600); /* nothing is sent for so long */
  }
  assert_int_equal(result, -ENOTCONN);
  wait_present(false);
  send_text(port, "back", 4); /* somebody is there again */
  wait_present(true);
  assert_int_equal(give("text", 4), 0);
  close(port);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    CASE(address_of_no_stream_is_refused), CASE(texts_go_both_ways), CASE(a_mebibyte_goes_both_ways),
    CASE(the_newest_guest_is_the_one), CASE(what_is_wrong_ends_its_stream_alone),
    CASE(a_guest_cut_at_every_byte_harms_nobody), CASE(a_guest_that_does_not_read_gets_the_newest),
    CASE(a_flood_is_told_of_by_its_newest), CASE(a_port_is_present_when_somebody_knocks),
    CASE(a_port_that_nobody_reads_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
