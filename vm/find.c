/* SPDX-License-Identifier: MIT
 *
 * Finding a QEMU that is new enough and has the D-Bus display. Main thread; runs it twice for some 40 ms each.
 */
#include "vm/qemu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/shortage.h"
#include "vm/child.h"

enum { HELP_TIMEOUT_MS = 5000, OLDEST_MAJOR = 7 }; /* the D-Bus display came with 7.0 */

/** True when `text` has a line that is exactly `word`. */
static bool has_line(const char *text, const char *word) {
  const size_t length = strlen(word);
  for (const char *line = text; line != NULL && *line != '\0';) {
    const size_t size = strcspn(line, "\r\n");
    if (size == length && strncmp(line, word, length) == 0)
      return true;
    line += size + strspn(line + size, "\r\n");
  }
  return false;
}

/** "QEMU emulator version 7.2.22 (Debian ...)" -> "7.2.22". */
static int parse_version(const char *output, char *version, size_t version_size, int *major) {
  static const char before[] = "version ";
  const char *found = strstr(output, before);
  if (found == NULL)
    return -EINVAL;
  found += sizeof before - 1;
  const size_t length = strspn(found, "0123456789.");
  if (length == 0 || length >= version_size)
    return -EINVAL;
  *major = atoi(found);
  memcpy(version, found, length);
  version[length] = '\0';
  return 0;
}

/** Nothing is known about this QEMU: it could not even be asked. */
static int short_of(const char *path, int error, char *why, size_t why_size) {
  snprintf(why, why_size, "cannot start %s: %s; %s", path, strerror(-error), oriel_shortage_advice(-error));
  return error;
}

static int find_version(const char *path, char *version, size_t version_size, char *why, size_t why_size) {
  char output[2048];
  int status = 0, major = 0;
  char *const argv[] = {(char *)path, (char *)"--version", NULL};
  const int error = oriel_child_run(argv, HELP_TIMEOUT_MS, output, sizeof output, &status);
  if (oriel_shortage_is(-error))
    return short_of(path, error, why, why_size);
  if (error < 0 || status != 0 || parse_version(output, version, version_size, &major) < 0) {
    snprintf(why, why_size, "%s is no working QEMU (%s): install it with `sudo apt-get install qemu-system-x86`", path,
             error < 0 ? strerror(-error) : "no version in the answer to --version");
    return -ENOTSUP;
  }
  if (major < OLDEST_MAJOR) {
    snprintf(why, why_size, "QEMU %s at %s is too old: install 7.0 or newer, or point ORIEL_QEMU at one", version,
             path);
    return -ENOTSUP;
  }
  return 0;
}

static int check_display(const char *path, const char *version, char *why, size_t why_size) {
  char output[4096];
  int status = 0;
  char *const argv[] = {(char *)path, (char *)"-display", (char *)"help", NULL};
  const int error = oriel_child_run(argv, HELP_TIMEOUT_MS, output, sizeof output, &status);
  if (oriel_shortage_is(-error))
    return short_of(path, error, why, why_size);
  if (error == 0 && status == 0 && has_line(output, "dbus"))
    return 0;
  snprintf(
      why, why_size,
      "QEMU %s at %s has no D-Bus display: install qemu-system-common, which brings ui-dbus.so, or a QEMU built with "
      "--enable-dbus-display",
      version, path);
  return -ENOTSUP;
}

bool oriel_qemu_has_vdagent(const char *path) {
  char output[4096];
  int status = 0;
  char *const argv[] = {(char *)path, (char *)"-chardev", (char *)"help", NULL};
  const int error = oriel_child_run(argv, HELP_TIMEOUT_MS, output, sizeof output, &status);
  return error == 0 && status == 0 && has_line(output, "  qemu-vdagent");
}

int oriel_qemu_find(char *path, size_t path_size, char *version, size_t version_size, char *why, size_t why_size) {
  char found[4096], number[32];
  const char *chosen = getenv("ORIEL_QEMU");
  const char *name = chosen != NULL && chosen[0] != '\0' ? chosen : "qemu-system-x86_64";
  int error = oriel_child_find(name, found, sizeof found);
  if (error < 0) {
    if (name == chosen)
      snprintf(why, why_size, "no program at %s, where ORIEL_QEMU points: correct or unset it", name);
    else
      snprintf(why, why_size,
               "no qemu-system-x86_64 in PATH: install it with `sudo apt-get install qemu-system-x86`, or set "
               "ORIEL_QEMU to its path");
    return -ENOENT;
  }
  error = find_version(found, number, sizeof number, why, why_size);
  if (error == 0)
    error = check_display(found, number, why, why_size);
  if (error == 0 && (strlen(found) >= path_size || strlen(number) >= version_size)) {
    snprintf(why, why_size, "the path of QEMU is longer than %zu bytes: set ORIEL_QEMU to a shorter one",
             path_size - 1);
    error = -ENOTSUP;
  }
  if (error < 0)
    return error;
  strcpy(path, found);
  strcpy(version, number);
  return 0;
}
