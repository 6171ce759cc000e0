/* SPDX-License-Identifier: MIT
 *
 * QMP's lines: the first byte says how the rest is cut into reads.
 */
#include "source/qemu/qmp.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
  unsigned objects;
};

static bool on_object(void *user, json_t *object) {
  struct seen *seen = user;
  if (!json_is_object(object))
    abort();
  const char *event = json_string_value(json_object_get(object, "event"));
  return ++seen->objects < 1000 && !(event && event[0] == '!');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size)
    return 0;
  size_t step = data[0] ? data[0] : size;
  struct oriel_qmp_lines lines = {.data = NULL};
  struct seen seen = {0};
  for (size_t at = 1; at < size; at += step) {
    size_t part = size - at < step ? size - at : step;
    if (oriel_qmp_lines_push(&lines, (const char *)data + at, part, on_object, &seen) < 0)
      break;
    if (lines.size > ORIEL_QMP_LINE_MAX || lines.size > lines.capacity)
      abort();
  }
  oriel_qmp_lines_finish(&lines);
  return 0;
}
