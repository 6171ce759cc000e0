/* SPDX-License-Identifier: MIT
 *
 * A source that is out of descriptors for a while. The linker puts this file's calls in the place of the C library's, in
 * all that is linked statically.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "peer.h"
#include "source/guest_audio.h"

int __real_socket(int domain, int type, int protocol);
int __real_socketpair(int domain, int type, int protocol, int pair[2]);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socketpair(int domain, int type, int protocol, int pair[2]);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

/* Calls that are to fail. The longest time from one that failed to the next call: the wait until it is tried again. */
static atomic_uint failing;
static atomic_uint_fast64_t failed_ns, longest_ns;

static bool fails(void) {
  const uint64_t now = oriel_clock_ns(), before = atomic_exchange(&failed_ns, 0);
  if (before && now - before > atomic_load(&longest_ns))
    atomic_store(&longest_ns, now - before);
  if (!atomic_load(&failing))
    return false;
  atomic_fetch_sub(&failing, 1);
  atomic_store(&failed_ns, now);
  errno = EMFILE;
  return true;
}

int __wrap_socket(int domain, int type, int protocol) {
  return fails() ? -1 : __real_socket(domain, type, protocol);
}

int __wrap_socketpair(int domain, int type, int protocol, int pair[2]) {
  return fails() ? -1 : __real_socketpair(domain, type, protocol, pair);
}

/* Accepting fails for long, and how often it is tried. */
static atomic_bool deaf;
static atomic_uint tried;

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
  if (!atomic_load(&deaf))
    return __real_accept4(fd, address, size, flags);
  atomic_fetch_add(&tried, 1);
  errno = ENOMEM;
  return -1;
}

/* No descriptor is duplicated for long, and how often it is tried. Where files are large the call has another name. */
static atomic_bool single;
static atomic_uint duplicates;

static bool refuses(int command) {
  if (command != F_DUPFD_CLOEXEC || !atomic_load(&single))
    return false;
  atomic_fetch_add(&duplicates, 1);
  errno = EMFILE;
  return true;
}

int __real_fcntl(int fd, int command, ...);
int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);

int __wrap_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  return refuses(command) ? -1 : __real_fcntl(fd, command, argument);
}

int __wrap_fcntl64(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  return refuses(command) ? -1 : __real_fcntl64(fd, command, argument);
}

static int begin(void **state) {
  atomic_store(&failing, 0);
  atomic_store(&failed_ns, 0);
  atomic_store(&longest_ns, 0);
  return peer_begin(state);
}

/** As many times as it takes a back-off to become longer than is promised. */
enum { TIMES = 5 };

static void expect_to_meet(void) {
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "fake runs", PEER_PATIENCE_MS));
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 1));
  assert_int_equal(atomic_load(&failing), 0);
  assert_in_range(atomic_load(&longest_ns), 1, ORIEL_NS_PER_SECOND);
}

static void descriptors_gone_for_qmp(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){0});
  atomic_store(&failing, TIMES);
  peer_attach();
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  expect_to_meet();
}

/* The connection for the display ends, and there is no socket pair for the next. */
static void descriptors_gone_for_the_display(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){0});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "fake runs", PEER_PATIENCE_MS));
  atomic_store(&failing, TIMES);
  fake_qemu_drop_control(test.fake);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_GONE, "waiting for fake", PEER_PATIENCE_MS));
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  expect_to_meet();
}

static void descriptors_gone_for_a_listener(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){0});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "fake runs", PEER_PATIENCE_MS));
  atomic_store(&failing, TIMES + 1);
  oriel_source_watch(test.source, ORIEL_WATCH_PICTURES);
  expect_to_meet();
}

static void ignore_packet(void *user, unsigned input, const void *packet, size_t size, unsigned frames, uint32_t number,
                          uint64_t missing, uint64_t arrived_ns) {
  (void)user, (void)input, (void)packet, (void)size, (void)frames, (void)number, (void)missing, (void)arrived_ns;
}

static void ignore_end(void *user, unsigned input) {
  (void)user, (void)input;
}

/* A connection that cannot be taken in keeps its listener ready: that is no reason to ask without pause. */
static void connection_of_a_guest_waits(void **state) {
  (void)state;
  static const char *const streams[] = {"unix:///tmp/oriel-shortage-test.sock"};
  const struct oriel_guest_audio_config config = {.streams = streams, .stream_count = 1};
  const struct oriel_guest_audio_sink sink = {.packet = ignore_packet, .ended = ignore_end};
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/oriel-shortage-test.sock"};
  struct oriel_guest_audio *audio = NULL;
  struct oriel_guest_audio_info info;
  char why[256];
  unlink(name.sun_path);
  assert_int_equal(oriel_guest_audio_create(&config, &audio, why, sizeof why), 0);
  assert_int_equal(oriel_guest_audio_start(audio, &sink), 0);
  atomic_store(&deaf, true);
  atomic_store(&tried, 0);
  const int fd = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
  uint64_t end = oriel_clock_ns() + PEER_PATIENCE_MS * ORIEL_NS_PER_MS;
  const uint64_t from = oriel_clock_ns();
  while (atomic_load(&tried) < 5 && oriel_clock_ns() < end)
    g_usleep(1000);
  assert_true(atomic_load(&tried) >= 5);
  assert_true(oriel_clock_ns() - from >= 300 * ORIEL_NS_PER_MS); /* and not at once */
  atomic_store(&deaf, false);
  end = oriel_clock_ns() + ORIEL_NS_PER_SECOND;
  do
    oriel_guest_audio_info(audio, &info);
  while (!info.input[0].connected && oriel_clock_ns() < end);
  assert_true(info.input[0].connected);
  close(fd);
  oriel_guest_audio_destroy(audio);
}

static const char port_path[] = "/tmp/oriel-shortage-test-port.sock";

/* QEMU's end of a port: what waits in it tells who reads. */
static int listen_as_port(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  memcpy(name.sun_path, port_path, sizeof port_path);
  unlink(port_path);
  const int listener = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (const struct sockaddr *)&name, sizeof name), 0);
  assert_int_equal(listen(listener, 1), 0);
  return listener;
}

static bool is_taken_within(struct oriel_guest_audio *audio, uint64_t ns) {
  const uint64_t end = oriel_clock_ns() + ns;
  while (!oriel_guest_audio_has_microphone(audio) && oriel_clock_ns() < end)
    g_usleep(1000);
  return oriel_guest_audio_has_microphone(audio);
}

/* Nobody can tell whether the guest reads: that is not the same as reading, and is known again as soon as it can be. */
static void guests_port_cannot_be_watched(void **state) {
  (void)state;
  char address[64], why[256], bytes[16];
  snprintf(address, sizeof address, "unix://%s", port_path);
  const struct oriel_guest_audio_config config = {.microphone = address, .dials_microphone = true};
  const struct oriel_guest_audio_sink sink = {.packet = ignore_packet, .ended = ignore_end};
  struct oriel_guest_audio *audio = NULL;
  const int listener = listen_as_port();
  atomic_store(&single, true);
  atomic_store(&duplicates, 0);
  assert_int_equal(oriel_guest_audio_create(&config, &audio, why, sizeof why), 0);
  assert_int_equal(oriel_guest_audio_start(audio, &sink), 0);
  const int port = accept(listener, NULL, NULL);
  assert_true(port >= 0);
  const uint64_t end = oriel_clock_ns() + PEER_PATIENCE_MS * ORIEL_NS_PER_MS;
  while (!atomic_load(&duplicates) && oriel_clock_ns() < end)
    g_usleep(1000);
  assert_false(oriel_guest_audio_has_microphone(audio));
  while (atomic_load(&duplicates) < 5 && oriel_clock_ns() < end)
    g_usleep(1000);
  assert_true(atomic_load(&duplicates) >= 5); /* it is tried without anything else going on */
  assert_false(oriel_guest_audio_has_microphone(audio));
  atomic_store(&single, false);
  assert_false(is_taken_within(audio, 300 * ORIEL_NS_PER_MS)); /* it waits in the port, unread */
  assert_int_equal(recv(port, bytes, 5, MSG_WAITALL), 5);
  assert_true(is_taken_within(audio, ORIEL_NS_PER_SECOND));
  oriel_guest_audio_destroy(audio);
  close(port);
  close(listener);
  unlink(port_path);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(descriptors_gone_for_qmp, begin, peer_end),
    cmocka_unit_test_setup_teardown(descriptors_gone_for_the_display, begin, peer_end),
    cmocka_unit_test_setup_teardown(descriptors_gone_for_a_listener, begin, peer_end),
    cmocka_unit_test(connection_of_a_guest_waits),
    cmocka_unit_test(guests_port_cannot_be_watched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
