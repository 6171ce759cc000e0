/* SPDX-License-Identifier: MIT
 *
 * Configuration files: every item lies within the text and its lines, is bounded, and in order.
 */
#include "cli/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
  unsigned line, lines;
};

static void advance(struct reading *reading, unsigned line) {
  if (line < reading->line || line == 0 || line > reading->lines)
    abort();
  reading->line = line;
}

static int take(void *user, const struct oriel_config_item *item, char *why, size_t why_size) {
  advance(user, item->line);
  if (strlen(item->section) + strlen(item->argument) > ORIEL_CONFIG_ENTRY_MAX ||
      (item->key != NULL) != (item->value != NULL))
    abort();
  if (item->key != NULL && strlen(item->key) + strlen(item->value) > ORIEL_CONFIG_ENTRY_MAX)
    abort();
  if (item->section[0] != 'x')
    return 0;
  memset(why, '\n', why_size);
  why[why_size - 1] = '\0';
  return -1;
}

static bool complain(void *user, unsigned line, const char *why) {
  const struct reading *reading = user;
  if (line == 0 || line > reading->lines || why[0] == '\0')
    abort();
  return why[0] != '\n' || line % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reading reading = {.lines = 1};
  for (size_t i = 0; i < size; i++)
    reading.lines += data[i] == '\n';
  const struct oriel_config_reader reader = {.user = &reading, .item = take, .problem = complain};
  (void)oriel_config_read((const char *)data, size, &reader);
  return 0;
}
