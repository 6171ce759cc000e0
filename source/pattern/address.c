/* SPDX-License-Identifier: MIT
 *
 * Parses a pattern's address. Any thread.
 */
#include "source/pattern/address.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "media/picture.h"

static const char scheme[] = "pattern:";

/* Reads decimal digits, at most five; returns how many characters, 0 when there is no number. */
static size_t number(const char *text, size_t length, uint32_t *value) {
  size_t i = 0;
  uint32_t result = 0;
  while (i < length && i < 5 && text[i] >= '0' && text[i] <= '9')
    result = result * 10 + (uint32_t)(text[i++] - '0');
  if (i)
    *value = result;
  return i;
}

static bool parse_size(const char *text, size_t length, struct oriel_pattern_address *parsed) {
  uint32_t width = 0, height = 0;
  size_t used = number(text, length, &width);
  if (!used || used >= length || text[used] != 'x')
    return false;
  used++;
  size_t more = number(text + used, length - used, &height);
  if (!more || used + more != length || width < ORIEL_PICTURE_SIZE_MIN || width > ORIEL_PICTURE_WIDTH_MAX ||
      height < ORIEL_PICTURE_SIZE_MIN || height > ORIEL_PICTURE_HEIGHT_MAX)
    return false;
  parsed->width = (uint16_t)width;
  parsed->height = (uint16_t)height;
  return true;
}

static bool parse_fps(const char *text, size_t length, struct oriel_pattern_address *parsed) {
  uint32_t fps = 0;
  if (number(text, length, &fps) != length || fps < 1 || fps > 240)
    return false;
  parsed->fps = fps;
  return true;
}

static bool parse_scene(const char *text, size_t length, struct oriel_pattern_address *parsed) {
  for (int i = 0; i < ORIEL_SCENES; i++) {
    const char *name = oriel_scene_name((enum oriel_scene)i);
    if (strlen(name) == length && !strncmp(text, name, length)) {
      parsed->scene = (enum oriel_scene)i;
      return true;
    }
  }
  return false;
}

static const struct {
  const char *name, *expected;
  bool (*parse)(const char *text, size_t length, struct oriel_pattern_address *parsed);
} options[] = {
  {"size", "WIDTHxHEIGHT from 64x64 to 7680x4320", parse_size},
  {"fps", "1 to 240", parse_fps},
  {"scene", "static, typing, scroll or motion", parse_scene},
};

static int parse_option(const char *text, size_t length, struct oriel_pattern_address *parsed, char *why,
                        size_t why_size) {
  const char *equals = memchr(text, '=', length);
  size_t name_length = equals ? (size_t)(equals - text) : length;
  const char *value = equals ? equals + 1 : text + length;
  size_t value_length = length - (size_t)(value - text);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    if (strlen(options[i].name) != name_length || strncmp(text, options[i].name, name_length) != 0)
      continue;
    if (options[i].parse(value, value_length, parsed))
      return 0;
    snprintf(why, why_size, "pattern: %s must be %s, not '%.*s'", options[i].name, options[i].expected,
             (int)(value_length < 40 ? value_length : 40), value);
    return -EINVAL;
  }
  snprintf(why, why_size, "pattern: no option is called '%.*s'; there are size, fps and scene",
           (int)(name_length < 40 ? name_length : 40), text);
  return -EINVAL;
}

int oriel_pattern_address_parse(const char *address, struct oriel_pattern_address *parsed, char *why,
                                size_t why_size) {
  struct oriel_pattern_address result = {.width = 1280, .height = 720, .fps = 60, .scene = ORIEL_SCENE_STATIC};
  const char *next = address + sizeof scheme - 1;
  if (strncmp(address, scheme, sizeof scheme - 1) != 0 || (*next && *next != '?')) {
    snprintf(why, why_size, "pattern: '%.60s' is not pattern:[?size=WxH&fps=N&scene=NAME]", address);
    return -EINVAL;
  }
  while (*next) {
    next++; /* '?' or '&' */
    size_t length = strcspn(next, "&");
    int error = length ? parse_option(next, length, &result, why, why_size) : 0;
    if (error)
      return error;
    next += length;
  }
  *parsed = result;
  return 0;
}
