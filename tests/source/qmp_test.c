/* SPDX-License-Identifier: MIT
 *
 * QMP's lines, however the bytes arrive.
 */
#include "source/qemu/qmp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
  unsigned count;
  long long sum;
  bool stop;
};

static bool on_object(void *user, json_t *object) {
  struct seen *seen = user;
  seen->count++;
  seen->sum += json_integer_value(json_object_get(object, "n"));
  return !seen->stop;
}

static int push(struct oriel_qmp_lines *lines, const char *text, struct seen *seen) {
  return oriel_qmp_lines_push(lines, text, strlen(text), on_object, seen);
}

static void qmp_cut_anywhere(void **state) {
  (void)state;
  static const char text[] = "{\"n\": 1}\r\n\r\n{\"n\": 20}\n \n{\"n\": 300, \"s\": \"a\\nb\"}\r\n";
  for (size_t cut = 0; cut < sizeof text; cut++) {
    struct oriel_qmp_lines lines = {.data = NULL};
    struct seen seen = {0};
    assert_int_equal(oriel_qmp_lines_push(&lines, text, cut, on_object, &seen), 0);
    assert_int_equal(oriel_qmp_lines_push(&lines, text + cut, sizeof text - 1 - cut, on_object, &seen), 0);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.sum, 321);
    oriel_qmp_lines_finish(&lines);
  }
}

static void qmp_no_object(void **state) {
  (void)state;
  static const char *const wrong[] = {"hello\n", "[1]\n", "{\"n\": 1\n", "{} {}\n", "\x80\n", "null\n",
                                      "{\"a\":\"\xff\"}\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct oriel_qmp_lines lines = {.data = NULL};
    struct seen seen = {0};
    assert_int_equal(push(&lines, wrong[i], &seen), -EBADMSG);
    assert_int_equal(seen.count, 0);
    oriel_qmp_lines_finish(&lines);
  }
}

/* Lesson 31: a line that never ends stops at its bound, and so does memory. */
static void qmp_endless_line(void **state) {
  (void)state;
  struct oriel_qmp_lines lines = {.data = NULL};
  struct seen seen = {0};
  char block[4096];
  memset(block, ' ', sizeof block);
  int result = 0;
  size_t pushed = 0;
  while (!result && pushed < 4 * ORIEL_QMP_LINE_MAX) {
    result = oriel_qmp_lines_push(&lines, block, sizeof block, on_object, &seen);
    pushed += sizeof block;
  }
  assert_int_equal(result, -EMSGSIZE);
  assert_int_equal(pushed, ORIEL_QMP_LINE_MAX + sizeof block);
  assert_true(lines.capacity <= ORIEL_QMP_LINE_MAX);
  oriel_qmp_lines_finish(&lines);
}

static void qmp_stopped(void **state) {
  (void)state;
  struct oriel_qmp_lines lines = {.data = NULL};
  struct seen seen = {.stop = true};
  assert_int_equal(push(&lines, "{}\n{}\n", &seen), -ECANCELED);
  assert_int_equal(seen.count, 1);
  oriel_qmp_lines_finish(&lines);
}

static void qmp_open_fails(void **state) {
  (void)state;
  struct oriel_qmp *qmp = NULL;
  const struct oriel_qmp_handler handler = {.user = NULL};
  GMainContext *context = g_main_context_new();
  assert_int_equal(oriel_qmp_open(context, "/nonexistent/qmp", &handler, &qmp), -ENOENT);
  char path[200];
  memset(path, 'a', sizeof path - 1);
  path[sizeof path - 1] = '\0';
  assert_int_equal(oriel_qmp_open(context, path, &handler, &qmp), -ENAMETOOLONG);
  assert_null(qmp);
  oriel_qmp_close(NULL);
  g_main_context_unref(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(qmp_cut_anywhere), cmocka_unit_test(qmp_no_object),  cmocka_unit_test(qmp_endless_line),
    cmocka_unit_test(qmp_stopped),      cmocka_unit_test(qmp_open_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
