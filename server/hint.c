/* SPDX-License-Identifier: MIT
 *
 * The answer to plain HTTP on a TLS port. Loop thread.
 */
#include "server/hint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 256, PATH_MAX_LENGTH = 512 };

bool oriel_hint_is_plain(unsigned char first) {
  return first >= 'A' && first <= 'Z';
}

/** Copies what follows `at` up to one of `ends`; "" when that is too long or holds what is not plain. */
static void copy_until(const char *at, const char *ends, const char *plain, char *out, size_t size) {
  size_t length = strcspn(at, ends);
  if (length >= size || at[length] == '\0' || strspn(at, plain) < length)
    length = 0;
  memcpy(out, at, length);
  out[length] = '\0';
}

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static void find_host(const char *head, char host[HOST_MAX]) {
  host[0] = '\0';
  for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, "Host:", 5) != 0)
      continue;
    const char *value = line + 7;
    copy_until(value + strspn(value, " \t"), "\r", WORD "-._:[]", host, HOST_MAX);
    return;
  }
}

/** An absolute path of plain characters; "/" otherwise. A second slash would make it a host. */
static void find_path(const char *head, char path[PATH_MAX_LENGTH]) {
  const char *space = strchr(head, ' ');
  path[0] = '\0';
  if (space && space[1] == '/' && space[2] != '/')
    copy_until(space + 1, " ", WORD "/-._~?=&", path, PATH_MAX_LENGTH);
  if (path[0] == '\0')
    strcpy(path, "/");
}

size_t oriel_hint_write(const char *head, size_t size, const struct oriel_origins *origins, const char *local,
                        char *answer) {
  char text[ORIEL_HINT_HEAD_MAX + 1], host[HOST_MAX], path[PATH_MAX_LENGTH];
  char location[HOST_MAX + PATH_MAX_LENGTH + 32] = "";
  char page[1024];
  size = size < ORIEL_HINT_HEAD_MAX ? size : ORIEL_HINT_HEAD_MAX;
  memcpy(text, head, size);
  text[size] = '\0';
  find_host(text, host);
  find_path(text, path);
  bool known = oriel_origins_host(origins, host, local);
  if (!known)
    snprintf(host, sizeof host, "%s", local);
  if (known)
    snprintf(location, sizeof location, "Location: https://%s%s\r\n", host, path);
  int page_size = snprintf(page, sizeof page,
                           "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
                           "<title>Oriel speaks https here</title><h1>This address speaks https</h1>"
                           "<p>Open <a href=\"https://%s/\">https://%s/</a> instead.\n", host, host);
  return (size_t)snprintf(answer, ORIEL_HINT_SIZE,
                          "HTTP/1.1 %s\r\n%sContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"
                          "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\n"
                          "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                          "Connection: close\r\n\r\n%s",
                          known ? "307 Temporary Redirect" : "400 Bad Request", location, page_size, page);
}
