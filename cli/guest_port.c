/* SPDX-License-Identifier: MIT
 *
 * A socket of QEMU's as an address. Main thread.
 */
#include "cli/guest_port.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/** unix://PATH; what has a meaning in an address is written as %XX. False where it does not fit. */
static bool format_unix(const char *path, char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "unix://");
  for (; *path != '\0'; path++) {
    if (used + 4 > size)
      return false;
    const bool plain = strchr("%?&#", *path) == NULL;
    used += (size_t)snprintf(text + used, size - used, plain ? "%c" : "%%%02X", (unsigned char)*path);
  }
  return true;
}

bool oriel_guest_port_find(const char *address, const char *ours, const char *name, char *text, size_t size) {
  char path[256];
  struct stat info;
  const char *qmp = strncmp(address, "qemu:", 5) == 0 ? address + 5 : "";
  const char *slash = strrchr(qmp, '/');
  if (ours != NULL)
    return format_unix(ours, text, size);
  if (slash == NULL || strncmp(slash, "/qmp.sock", 9) != 0 ||
      (size_t)snprintf(path, sizeof path, "%.*s/%s", (int)(slash - qmp), qmp, name) >= sizeof path)
    return false;
  return stat(path, &info) == 0 && S_ISSOCK(info.st_mode) && format_unix(path, text, size);
}
