/* SPDX-License-Identifier: MIT
 *
 * What the program reports to its user outside the log. Main thread.
 */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/utf8.h"

int oriel_report(int code, const char *format, ...) {
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  oriel_utf8_sanitize(line);
  fprintf(stderr, "oriel: %s\n", line);
  return code;
}
