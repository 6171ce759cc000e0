/* SPDX-License-Identifier: MIT
 *
 * source/qemu/login: what is said, and other sides that answer as they like, cut at every byte.
 */
#include "source/qemu/login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/** Logs in where all of this is answered at once, and then the end; `said` (4096 bytes) is what it said. */
static const char *log_in(const char *answers, size_t size, char *said) {
  int pair[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  assert_int_equal(write(pair[1], answers, size), size);
  assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
  const char *why = oriel_qemu_login(pair[0]);
  const ssize_t count = recv(pair[1], said, 4095, MSG_DONTWAIT);
  said[count > 0 ? count : 0] = '\0';
  close(pair[0]);
  close(pair[1]);
  return why;
}

static const char good[] = "OK 00112233445566778899aabbccddeeff\r\nAGREE_UNIX_FD\r\n";

static void login_says_who_we_are(void **state) {
  (void)state;
  char said[4096], uid[16], expected[128] = "AUTH EXTERNAL ";
  assert_null(log_in(good, sizeof good - 1, said));
  snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
  for (const char *c = uid; *c; c++)
    snprintf(expected + strlen(expected), 3, "%02x", (unsigned char)*c);
  strcat(expected, "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
  assert_int_equal(said[0], '\0');
  assert_string_equal(said + 1, expected);
}

static void login_is_refused(void **state) {
  (void)state;
  static const char *const answers[] = {"REJECTED EXTERNAL\r\n", "ERROR\r\n", "OK\r\n", "\r\n",
                                        "OK 00\r\nERROR\r\n", "OK 00\r\nOK 00\r\n"};
  char said[4096];
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    assert_non_null(log_in(answers[i], strlen(answers[i]), said));
    assert_null(strstr(said + 1, "BEGIN"));
  }
}

static void login_ends_at_every_byte(void **state) {
  (void)state;
  char said[4096];
  for (size_t size = 0; size < sizeof good - 1; size++)
    assert_non_null(log_in(good, size, said));
}

/* No line is read for ever. */
static void login_takes_no_endless_line(void **state) {
  (void)state;
  static char line[8192];
  char said[4096];
  memset(line, 'O', sizeof line);
  assert_non_null(log_in(line, sizeof line, said));
  memset(line, '\n', sizeof line);
  assert_non_null(log_in(line, sizeof line, said));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(login_says_who_we_are),
    cmocka_unit_test(login_is_refused),
    cmocka_unit_test(login_ends_at_every_byte),
    cmocka_unit_test(login_takes_no_endless_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
