/* SPDX-License-Identifier: MIT
 *
 * For tests of webrtc/: bytes written as RFCs print them, and copies of exactly their size, so that AddressSanitizer
 * sees a single byte too far.
 */
#ifndef ORIEL_TESTS_WEBRTC_BYTES_H
#define ORIEL_TESTS_WEBRTC_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** Of "80 22 00 0b", blanks anywhere; its size. `bytes` is large enough. */
static inline size_t from_hex(const char *text, uint8_t *bytes) {
  size_t size = 0;
  for (unsigned high = 16; *text; text++) {
    if (*text == ' ' || *text == '\n')
      continue;
    const unsigned digit = (unsigned)(*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
    if (high == 16) {
      high = digit;
    } else {
      bytes[size++] = (uint8_t)(high << 4 | digit);
      high = 16;
    }
  }
  return size;
}

/** Freed by the caller. */
static inline uint8_t *exact_copy(const void *bytes, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy)
    abort();
  memcpy(copy, bytes, size);
  return copy;
}

#endif
