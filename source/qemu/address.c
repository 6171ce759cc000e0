/* SPDX-License-Identifier: MIT
 *
 * Parsing of QEMU addresses. Stateless.
 */
#include "source/qemu/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* Decodes up to '?' or the end; returns where it stopped, or NULL with the reason in `why`. */
static const char *parse_path(const char *text, char *path, char *why, size_t why_size) {
  size_t size = 0;
  while (*text && *text != '?') {
    char c = *text++;
    if (c == '%') {
      int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
      if (low < 0) {
        snprintf(why, why_size, "'%%' in a qemu: address needs two hex digits after it (write '%%' itself as %%25)");
        return NULL;
      }
      c = (char)(high * 16 + low);
      text += 2;
      if (!c) {
        snprintf(why, why_size, "%%00 cannot be part of a socket path");
        return NULL;
      }
    }
    if (size == ORIEL_QEMU_PATH_MAX) {
      snprintf(why, why_size,
               "the socket path is longer than %d bytes, all that a UNIX socket takes; use a shorter one",
               ORIEL_QEMU_PATH_MAX);
      return NULL;
    }
    path[size++] = c;
  }
  path[size] = '\0';
  if (!size) {
    snprintf(why, why_size, "the path of the QMP socket is missing; use qemu:/path/to/qmp.sock");
    return NULL;
  }
  return text;
}

static bool parse_console(const char *text, unsigned *console) {
  unsigned value = 0;
  size_t digits = 0;
  for (; text[digits] >= '0' && text[digits] <= '9' && digits < 3; digits++)
    value = value * 10 + (unsigned)(text[digits] - '0');
  if (!digits || text[digits] || value > ORIEL_QEMU_CONSOLE_MAX)
    return false;
  *console = value;
  return true;
}

/* libvirt's names of connections look like ours: qemu:///system, qemu://host/session?... */
static bool is_libvirt(const char *text) {
  static const char *const names[] = {"/system", "/session", "/embed"};
  if (strncmp(text, "qemu://", 7))
    return false;
  const char *path = strchr(text + 7, '/');
  for (size_t i = 0; path && i < sizeof names / sizeof *names; i++) {
    size_t size = strlen(names[i]);
    if (!strncmp(path, names[i], size) && (!path[size] || path[size] == '?'))
      return true;
  }
  return false;
}

int oriel_qemu_address_parse(const char *text, struct oriel_qemu_address *address, char *why, size_t why_size) {
  struct oriel_qemu_address parsed = {.console = 0};
  if (strncmp(text, "qemu:", 5)) {
    snprintf(why, why_size, "'%.60s' does not start with qemu:", text);
    return -EINVAL;
  }
  if (is_libvirt(text)) {
    snprintf(why, why_size,
             "'%.60s' is a connection of libvirt's; Oriel takes the QMP socket of one VM, qemu:/path/to/qmp.sock",
             text);
    return -EINVAL;
  }
  const char *rest = parse_path(text + 5, parsed.path, why, why_size);
  if (!rest)
    return -EINVAL;
  if (*rest == '?') {
    if (strncmp(rest, "?console=", 9)) {
      snprintf(why, why_size, "'%.60s' is not understood; a qemu: address takes ?console=N or ?console=all", rest);
      return -EINVAL;
    }
    parsed.all = !strcmp(rest + 9, "all");
    if (!parsed.all && !parse_console(rest + 9, &parsed.console)) {
      snprintf(why, why_size, "console '%.20s' is not a number from 0 to %d, or all", rest + 9,
               ORIEL_QEMU_CONSOLE_MAX);
      return -EINVAL;
    }
  }
  *address = parsed;
  return 0;
}
