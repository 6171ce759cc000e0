/* SPDX-License-Identifier: MIT
 *
 * Certificate fingerprints as text. Any thread.
 */
#include "webrtc/dtls_fingerprint.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
  const char *name;
  size_t size;
} hashes[] = { { "sha-256", 32 }, { "sha-384", 48 }, { "sha-512", 64 } };

static int digit(char c) {
  static const char digits[] = "0123456789abcdef";
  const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/** "4A:AD:…", `count` bytes of it. */
static bool read_bytes(const char *text, size_t size, uint8_t *bytes, size_t count) {
  if (size != 3 * count - 1)
    return false;
  for (size_t i = 0; i < count; i++) {
    const int high = digit(text[3 * i]), low = digit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i + 1 < count && text[3 * i + 2] != ':'))
      return false;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

int oriel_dtls_fingerprint_parse(const char *text, size_t size, struct oriel_dtls_fingerprint *fingerprint) {
  struct oriel_dtls_fingerprint read = { .size = 0 };
  const char *space = memchr(text, ' ', size);
  if (!space || space == text)
    return -EINVAL;
  const size_t name = (size_t)(space - text);
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
    if (name == strlen(hashes[i].name) && !strncasecmp(text, hashes[i].name, name))
      read.size = hashes[i].size;
  if (!read.size)
    return -ENOTSUP;
  if (!read_bytes(space + 1, size - name - 1, read.hash, read.size))
    return -EINVAL;
  *fingerprint = read;
  return 0;
}
