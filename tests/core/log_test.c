/* SPDX-License-Identifier: MIT
 *
 * core/log, read back through a socket that keeps the borders of each write(2): one line must be one datagram.
 */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINE = 8192, STAMP = sizeof "2026-01-02T03:04:05.678Z" - 1 };

static int saved_stderr = -1, far_end = -1;

static int capture(void **state) {
  (void)state;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
    return -1;
  saved_stderr = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  far_end = ends[0];
  oriel_log_configure(ORIEL_LOG_INFO, false);
  return 0;
}

static int release(void **state) {
  (void)state;
  dup2(saved_stderr, STDERR_FILENO);
  close(saved_stderr);
  close(far_end);
  return 0;
}

/* Takes one datagram; 0 when none waits. */
static size_t take(char line[LINE]) {
  const ssize_t size = recv(far_end, line, LINE - 1, MSG_DONTWAIT);
  line[size > 0 ? size : 0] = '\0';
  return size > 0 ? (size_t)size : 0;
}

/* Checks the stamp's form and that the rest of the line is `expected`. */
static void expect_text(const char *expected) {
  char line[LINE];
  assert_true(take(line) > STAMP);
  int year, month, day, hour, minute, second, ms;
  assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &year, &month, &day, &hour, &minute, &second, &ms), 7);
  assert_true(year >= 2024);
  assert_string_equal(line + STAMP, expected);
}

static void expect_json(const char *expected) {
  static const char start[] = "{\"time\":\"";
  char line[LINE];
  assert_true(take(line) > sizeof start + STAMP);
  assert_memory_equal(line, start, sizeof start - 1);
  assert_string_equal(line + sizeof start - 1 + STAMP, expected);
}

static void log_text_line(void **state) {
  (void)state;
  oriel_info("server", "%u viewers at %s", 3u, "noon");
  expect_text(" info server: 3 viewers at noon\n");
  oriel_error("source/qemu", "gone");
  expect_text(" error source/qemu: gone\n");
}

static void log_json_line(void **state) {
  (void)state;
  oriel_log_configure(ORIEL_LOG_DEBUG, true);
  oriel_debug("vm", "say \"%s\" in C:\\ gr\xC3\xBC\xC3\x9F", "hi");
  expect_json("\",\"level\":\"debug\",\"room\":\"vm\",\"message\":\"say \\\"hi\\\" in C:\\\\ gr\xC3\xBC\xC3\x9F\"}\n");
}

static void log_level_filters(void **state) {
  (void)state;
  char line[LINE];
  oriel_debug("x", "no");
  assert_int_equal(take(line), 0);
  assert_false(oriel_log_enabled(ORIEL_LOG_DEBUG));
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  oriel_warn("x", "no");
  assert_int_equal(take(line), 0);
  assert_true(oriel_log_enabled(ORIEL_LOG_ERROR));
  oriel_log((enum oriel_log_level)9, "x", "no such level");
  assert_int_equal(take(line), 0);
}

/* A viewer's words must not forge a second line, drive the terminal, or break the JSON. */
static void log_hostile_text_is_tamed(void **state) {
  (void)state;
  static const char hostile[] = "a\nb\r\tc\x1B[2Jd\x7F" "e\xC2\x9B" "f\xFFg\xE2\x82h\xC0\xAFi\xED\xA0\x80j";
  static const char tamed[] = "a?b??c?[2Jd?e?f?g??h??i???j";
  char expected[256];
  oriel_info("r\nm", "%s", hostile);
  snprintf(expected, sizeof expected, " info r?m: %s\n", tamed);
  expect_text(expected);
  oriel_log_configure(ORIEL_LOG_INFO, true);
  oriel_info("r\"m", "%s", hostile);
  snprintf(expected, sizeof expected, "\",\"level\":\"info\",\"room\":\"r\\\"m\",\"message\":\"%s\"}\n", tamed);
  expect_json(expected);
}

static void log_long_message_is_cut(void **state) {
  (void)state;
  char message[3000], line[LINE];
  memset(message, 'x', sizeof message);
  static const struct { size_t length, written; } cases[] = {
    { 1023, 1023 }, { 1024, 1024 }, { 1025, 1024 }, { 2999, 1024 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    oriel_info("r", "%.*s", (int)cases[i].length, message);
    const size_t size = take(line);
    assert_int_equal(size, STAMP + strlen(" info r: ") + cases[i].written + 1);
    assert_memory_equal(line + size - 4, cases[i].length > 1024 ? "...\n" : "xxx\n", 4);
  }
}

static void log_cut_keeps_characters_whole(void **state) {
  (void)state;
  char message[2048], line[LINE];
  for (size_t lead = 0; lead < 4; lead++) {
    memset(message, 'x', lead);
    for (size_t at = lead; at + 4 < sizeof message; at += 4)
      memcpy(message + at, "\xF0\x9F\x98\x80", 5);
    oriel_info("r", "%s", message);
    const size_t size = take(line);
    assert_null(strchr(line, '?')); /* what a torn character would have become */
    assert_memory_equal(line + size - 4, "...\n", 4);
  }
}

static void log_longest_json_fits(void **state) {
  (void)state;
  char quotes[1025], room[200], line[LINE];
  memset(quotes, '"', 1024);
  quotes[1024] = '\0';
  memset(room, '\\', sizeof room - 1);
  room[sizeof room - 1] = '\0';
  oriel_log_configure(ORIEL_LOG_INFO, true);
  oriel_info(room, "%s", quotes);
  const size_t size = take(line);
  assert_true(size > 2048);
  assert_memory_equal(line + size - 5, "\\\"\"}\n", 5);
}

static void log_keeps_errno(void **state) {
  (void)state;
  errno = ENOSPC;
  oriel_info("r", "%m");
  assert_int_equal(errno, ENOSPC);
  char expected[128];
  snprintf(expected, sizeof expected, " info r: %s\n", strerror(ENOSPC));
  expect_text(expected);
}

static void log_survives_closed_stderr(void **state) {
  (void)state;
  const int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
  close(STDERR_FILENO);
  errno = 0;
  oriel_error("r", "nobody reads this");
  const int after = errno;
  dup2(kept, STDERR_FILENO);
  close(kept);
  assert_int_equal(after, 0);
}

static void log_level_names_parse(void **state) {
  (void)state;
  enum oriel_log_level level = ORIEL_LOG_WARN;
  assert_int_equal(oriel_log_level_parse("debug", &level), 0);
  assert_int_equal(level, ORIEL_LOG_DEBUG);
  assert_int_equal(oriel_log_level_parse("error", &level), 0);
  assert_int_equal(level, ORIEL_LOG_ERROR);
  assert_string_equal(oriel_log_level_name(ORIEL_LOG_DEBUG), "debug");
  assert_string_equal(oriel_log_level_name(ORIEL_LOG_ERROR), "error");
  assert_int_equal(oriel_log_level_parse("Error", &level), -EINVAL);
  assert_int_equal(oriel_log_level_parse("", &level), -EINVAL);
  assert_int_equal(oriel_log_level_parse(NULL, &level), -EINVAL);
  assert_int_equal(level, ORIEL_LOG_ERROR);
}

enum { THREADS = 4, LINES = 100 };

static void *chatter(void *argument) {
  const unsigned char letter = *(const unsigned char *)argument;
  char message[200];
  memset(message, letter, sizeof message - 1);
  message[sizeof message - 1] = '\0';
  for (int i = 0; i < LINES; i++)
    oriel_info("t", "%s", message);
  return NULL;
}

static void log_lines_from_threads_stay_whole(void **state) {
  (void)state;
  static const char letters[THREADS] = { 'a', 'b', 'c', 'd' };
  unsigned seen[THREADS] = { 0 };
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, chatter, (void *)(uintptr_t)&letters[i]), 0);
  for (int i = 0; i < THREADS * LINES; i++) {
    char line[LINE];
    const ssize_t size = recv(far_end, line, sizeof line, 0); /* writers block while the socket is full */
    assert_int_equal(size, STAMP + sizeof " info t: " - 1 + 199 + 1);
    const char letter = line[STAMP + sizeof " info t: " - 1];
    for (size_t at = STAMP + sizeof " info t: " - 1; at + 1 < (size_t)size; at++)
      assert_int_equal(line[at], letter);
    assert_in_range(letter, 'a', 'd');
    seen[letter - 'a']++;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(seen[i], LINES);
  }
}

int main(void) {
#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, capture, release)
  const struct CMUnitTest tests[] = {
    CAPTURED(log_text_line),
    CAPTURED(log_json_line),
    CAPTURED(log_level_filters),
    CAPTURED(log_hostile_text_is_tamed),
    CAPTURED(log_long_message_is_cut),
    CAPTURED(log_cut_keeps_characters_whole),
    CAPTURED(log_longest_json_fits),
    CAPTURED(log_keeps_errno),
    CAPTURED(log_survives_closed_stderr),
    cmocka_unit_test(log_level_names_parse),
    CAPTURED(log_lines_from_threads_stay_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
