/* SPDX-License-Identifier: MIT
 *
 * Lines of a description. Pure.
 */
#include "webrtc/sdp_lines.h"

#include <string.h>
#include <strings.h>


static bool is_clean(struct oriel_sdp_text line) {
  for (size_t i = 0; i < line.size; i++) {
    const unsigned char letter = (unsigned char)line.at[i];
    if (letter < ' ' || letter == 0x7f)
      return false;
  }
  return true;
}

static char refuse(struct oriel_sdp_lines *lines, const char *fault) {
  lines->fault = fault;
  return '\0';
}

char oriel_sdp_lines_next(struct oriel_sdp_lines *lines, struct oriel_sdp_text *value) {
  if (lines->fault || lines->rest.size == 0)
    return '\0';
  struct oriel_sdp_text line = oriel_sdp_take(&lines->rest, '\n');
  if (line.size && line.at[line.size - 1] == '\r')
    line.size--;
  if (line.size > ORIEL_SDP_LINE_MAX)
    return refuse(lines, "a line is longer than 1024 bytes");
  if (line.size < 2 || line.at[1] != '=' || line.at[0] < 'a' || line.at[0] > 'z')
    return refuse(lines, "a line is not of the form x=value");
  if (!is_clean(line))
    return refuse(lines, "a line has a control character in it");
  *value = (struct oriel_sdp_text){line.at + 2, line.size - 2};
  return line.at[0];
}

struct oriel_sdp_text oriel_sdp_take(struct oriel_sdp_text *text, char separator) {
  const char *end = text->size ? memchr(text->at, separator, text->size) : NULL;
  struct oriel_sdp_text taken = {text->at, end ? (size_t)(end - text->at) : text->size};
  const size_t gone = taken.size + (end ? 1 : 0);
  text->at += gone;
  text->size -= gone;
  return taken;
}

bool oriel_sdp_skip(struct oriel_sdp_text *text, const char *prefix) {
  const size_t size = strlen(prefix);
  if (text->size < size || memcmp(text->at, prefix, size) != 0)
    return false;
  text->at += size;
  text->size -= size;
  return true;
}

bool oriel_sdp_is(struct oriel_sdp_text text, const char *word) {
  return text.size == strlen(word) && memcmp(text.at, word, text.size) == 0;
}

bool oriel_sdp_is_fold(struct oriel_sdp_text text, const char *word) {
  return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

bool oriel_sdp_copy(struct oriel_sdp_text text, char *copy, size_t size) {
  if (text.size == 0 || text.size >= size)
    return false;
  memcpy(copy, text.at, text.size);
  copy[text.size] = '\0';
  return true;
}
