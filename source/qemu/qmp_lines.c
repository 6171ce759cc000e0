/* SPDX-License-Identifier: MIT
 *
 * Lines, see qmp_lines.h. The owner's thread.
 */
#include "source/qemu/qmp_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int lines_reserve(struct oriel_qmp_lines *lines, size_t size) {
  if (size <= lines->capacity)
    return 0;
  size_t capacity = lines->capacity ? lines->capacity : 4096;
  while (capacity < size)
    capacity *= 2;
  char *data = realloc(lines->data, capacity);
  if (!data)
    return -ENOMEM;
  lines->data = data;
  lines->capacity = capacity;
  return 0;
}

static int line_parse(const char *line, size_t size, bool (*object)(void *user, json_t *object), void *user) {
  while (size && (line[size - 1] == '\r' || line[size - 1] == ' '))
    size--;
  if (!size)
    return 0;
  json_error_t error;
  json_t *root = json_loadb(line, size, 0, &error);
  if (!json_is_object(root)) {
    json_decref(root);
    return -EBADMSG;
  }
  bool go_on = object(user, root);
  json_decref(root);
  return go_on ? 0 : -ECANCELED;
}

int oriel_qmp_lines_push(struct oriel_qmp_lines *lines, const char *bytes, size_t size,
                         bool (*object)(void *user, json_t *object), void *user) {
  while (size) {
    const char *end = memchr(bytes, '\n', size);
    size_t take = end ? (size_t)(end - bytes) : size;
    if (take > ORIEL_QMP_LINE_MAX - lines->size)
      return -EMSGSIZE;
    int result = lines_reserve(lines, lines->size + take);
    if (result < 0)
      return result;
    if (take)
      memcpy(lines->data + lines->size, bytes, take);
    lines->size += take;
    if (!end)
      return 0;
    bytes = end + 1;
    size -= take + 1;
    size_t line = lines->size;
    lines->size = 0;
    result = line_parse(lines->data, line, object, user);
    if (result < 0)
      return result;
  }
  return 0;
}

void oriel_qmp_lines_finish(struct oriel_qmp_lines *lines) {
  free(lines->data);
  *lines = (struct oriel_qmp_lines){.data = NULL};
}
