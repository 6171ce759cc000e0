/* SPDX-License-Identifier: MIT
 *
 * The unified log for the tests: to stderr if ORIEL_TEST_LOG is set, and never from an IO callback. Any thread.
 */
#include <os/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/darwin/rt.h"

struct os_log_s {
  char unused;
};

struct os_log_s _os_log_default;

os_log_t os_log_create(const char *subsystem, const char *category) {
  (void)subsystem, (void)category;
  return OS_LOG_DEFAULT;
}

void os_log_text(os_log_t log, os_log_type_t type, const char *format, ...) {
  (void)log, (void)type;
  rt_forbidden("os_log");
  if (!getenv("ORIEL_TEST_LOG"))
    return;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}
