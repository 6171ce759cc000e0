/* SPDX-License-Identifier: MIT
 *
 * Audit lines. Any thread; stateless.
 */
#include "server/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/utf8.h"

enum { DETAILS_MAX = 512 };

void oriel_audit(const char *event, const char *address, const char *desktop, const char *format, ...) {
  char details[DETAILS_MAX];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(details, sizeof details, format, arguments);
  va_end(arguments);
  /* "192.0.2.1:80" or "[2001:db8::1]:80" */
  const char *end = address[0] == '[' ? strchr(address, ']') : strchr(address, ':');
  if (address[0] == '[')
    address++;
  int size = end && end > address ? (int)(end - address) : (int)strlen(address);
  oriel_info("audit", "%s address=%.*s%s%s%s%s", event, size, address, desktop ? " desktop=" : "",
             desktop ? desktop : "", details[0] ? " " : "", details);
}

void oriel_audit_sanitize(const char *name, char *clean, size_t size) {
  clean[oriel_utf8_copy(clean, size - 1, name, strlen(name))] = '\0';
  oriel_utf8_sanitize(clean);
  for (char *c = clean; *c; c++)
    if (strchr("\"=\\", *c))
      *c = '?';
}
