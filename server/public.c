/* SPDX-License-Identifier: MIT
 *
 * Parsing the public address. Any thread; stateless.
 */
#include "server/public.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
static const char path_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

/** Length of the name or literal at the start; 0 when there is none. */
static size_t name_length(const char *text) {
  if (text[0] != '[')
    return strspn(text, name_letters);
  const size_t length = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
  return length > 2 && text[length] == ']' ? length + 1 : 0;
}

/** ":1" to ":65535" at *text, which is moved behind it; `port` stays without one. */
static bool take_port(const char **text, unsigned long *port) {
  if (**text != ':')
    return true;
  const size_t digits = strspn(*text + 1, "0123456789");
  if (digits == 0 || digits > 5)
    return false;
  *port = strtoul(*text + 1, NULL, 10);
  *text += 1 + digits;
  return *port >= 1 && *port <= UINT16_MAX;
}

static bool path_valid(const char *path) {
  const size_t length = strlen(path);
  if (length + 2 > ORIEL_PUBLIC_PATH_MAX || strspn(path, path_letters) != length || (length && path[0] != '/'))
    return false;
  for (const char *part = path; *part; part++) {
    if (*part == '/' && (part[1] == '/' || part[1] == '.'))
      return false;
  }
  return true;
}

int oriel_public_parse(const char *url, struct oriel_public *address) {
  struct oriel_public made = {.tls = strncmp(url, "https://", 8) == 0};
  if (!made.tls && strncmp(url, "http://", 7) != 0)
    return -EINVAL;
  const char *host = url + (made.tls ? 8 : 7);
  const size_t length = name_length(host);
  const unsigned long implied = made.tls ? 443 : 80;
  unsigned long port = implied;
  const char *path = host + length;
  if (length == 0 || length > 253 || !take_port(&path, &port) || !path_valid(path))
    return -EINVAL;
  made.port = (uint16_t)port;
  size_t used = 0;
  for (; used < length; used++)
    made.host[used] = (char)tolower((unsigned char)host[used]);
  if (port != implied)
    snprintf(made.host + used, sizeof made.host - used, ":%lu", port);
  snprintf(made.origin, sizeof made.origin, "%s://%s", made.tls ? "https" : "http", made.host);
  snprintf(made.path, sizeof made.path, "%s%s", path, path[0] && path[strlen(path) - 1] == '/' ? "" : "/");
  *address = made;
  return 0;
}

const char *oriel_public_inner(const struct oriel_public *address, const char *path) {
  const size_t length = strlen(address->path);
  return length > 1 && strncmp(path, address->path, length) == 0 ? path + length - 1 : path;
}
