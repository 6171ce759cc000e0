/* SPDX-License-Identifier: MIT
 *
 * Well-formed UTF-8 by table 3-7 of Unicode 15: the first byte fixes the length and the range of the second byte. Any
 * thread.
 */
#include "core/utf8.h"

#include <stdint.h>
#include <string.h>

struct lead {
  uint8_t first, last;   /* of the first byte */
  uint8_t size;          /* of the character, bytes */
  uint8_t low, high;     /* of the second byte */
};

static const struct lead leads[] = {
  { 0x00, 0x7F, 1, 0x00, 0x00 }, { 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF },
  { 0xE1, 0xEC, 3, 0x80, 0xBF }, { 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF },
  { 0xF0, 0xF0, 4, 0x90, 0xBF }, { 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

size_t oriel_utf8_character(const void *text, size_t size) {
  const uint8_t *bytes = text;
  if (!size)
    return 0;
  const struct lead *lead = leads;
  const struct lead *end = leads + sizeof leads / sizeof *leads;
  while (lead < end && (bytes[0] < lead->first || bytes[0] > lead->last))
    lead++;
  if (lead == end || lead->size > size)
    return 0;
  if (lead->size > 1 && (bytes[1] < lead->low || bytes[1] > lead->high))
    return 0;
  for (size_t i = 2; i < lead->size; i++)
    if ((bytes[i] & 0xC0) != 0x80)
      return 0;
  return lead->size;
}

bool oriel_utf8_valid(const void *text, size_t size) {
  const uint8_t *bytes = text;
  for (size_t at = 0, step; at < size; at += step) {
    step = oriel_utf8_character(bytes + at, size - at);
    if (!step || !bytes[at])
      return false;
  }
  return true;
}

bool oriel_utf8_is_control(const void *character, size_t size) {
  const uint8_t *bytes = character;
  return (size == 1 && (bytes[0] < 0x20 || bytes[0] == 0x7F)) || (size == 2 && bytes[0] == 0xC2 && bytes[1] < 0xA0);
}

bool oriel_utf8_has_control(const void *text, size_t size) {
  const uint8_t *bytes = text;
  for (size_t at = 0, step; at < size; at += step ? step : 1) {
    step = oriel_utf8_character(bytes + at, size - at);
    if (oriel_utf8_is_control(bytes + at, step))
      return true;
  }
  return false;
}

bool oriel_utf8_is_line(const void *text, size_t size) {
  return oriel_utf8_valid(text, size) && !oriel_utf8_has_control(text, size);
}

void oriel_utf8_sanitize(char *text) {
  const size_t size = strlen(text);
  size_t written = 0;
  for (size_t at = 0, step; at < size; at += step ? step : 1) {
    step = oriel_utf8_character(text + at, size - at);
    if (!step || oriel_utf8_is_control(text + at, step)) {
      text[written++] = '?';
      continue;
    }
    memmove(text + written, text + at, step);
    written += step;
  }
  text[written] = '\0';
}

size_t oriel_utf8_copy(void *out, size_t limit, const void *text, size_t size) {
  const uint8_t *bytes = text;
  uint8_t *to = out;
  size_t written = 0;
  for (size_t at = 0; at < size;) {
    const size_t step = oriel_utf8_character(bytes + at, size - at);
    const size_t need = step ? step : 1;
    if (need > limit - written)
      break;
    if (step)
      memcpy(to + written, bytes + at, step);
    else
      to[written] = '?';
    written += need;
    at += need;
  }
  return written;
}
