/* SPDX-License-Identifier: MIT
 *
 * Lines of `key = value`. Any thread.
 */
#include "core/setting_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **text, size_t *size) {
  while (*size > 0 && is_blank((*text)[*size - 1]))
    (*size)--;
  for (; *size > 0 && is_blank(**text); (*text)++)
    (*size)--;
}

/* The next line without its end and without blanks round it. False: there is none. */
static bool next_line(struct oriel_setting_lines *lines, const char **line, size_t *size) {
  if (lines->size == 0)
    return false;
  const char *end = memchr(lines->text, '\n', lines->size);
  const size_t length = end ? (size_t)(end - lines->text) : lines->size, taken = end ? length + 1 : length;
  *line = lines->text;
  *size = length;
  trim(line, size);
  lines->text += taken;
  lines->size -= taken;
  lines->number++;
  return true;
}

int oriel_setting_lines_next(struct oriel_setting_lines *lines, struct oriel_setting_line *line) {
  const char *text;
  size_t size;
  do {
    if (!next_line(lines, &text, &size))
      return 0;
  } while (size == 0 || *text == '#');
  const char *equals = memchr(text, '=', size);
  *line = (struct oriel_setting_line){.key = text, .key_size = equals ? (size_t)(equals - text) : size};
  trim(&line->key, &line->key_size);
  if (!equals)
    return -EINVAL;
  line->value = equals + 1;
  line->value_size = (size_t)(text + size - line->value);
  trim(&line->value, &line->value_size);
  return 1;
}

int oriel_setting_text(const char *part, size_t part_size, char *text, size_t size) {
  if (part_size >= size || memchr(part, '\0', part_size))
    return -EMSGSIZE;
  memcpy(text, part, part_size);
  text[part_size] = '\0';
  return 0;
}
