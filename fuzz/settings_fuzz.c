/* SPDX-License-Identifier: MIT
 *
 * The driver's settings as text. What was taken is written as text that gives the same settings again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "driver/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct settings settings, again;
  char why[SETTINGS_WHY_SIZE] = "", text[SETTINGS_TEXT_SIZE];
  char *input = malloc(size + 1);
  if (!input)
    return 0;
  memcpy(input, data, size);
  input[size] = '\0';
  settings = again = settings_default;
  if (settings_parse(&settings, input, why) < 0) {
    if (!*why || memcmp(&settings, &settings_default, sizeof settings) != 0)
      abort();
  } else {
    const size_t written = settings_format_changes(&settings_default, &settings, text);
    if (written != strlen(text) || settings_parse(&again, text, why) < 0 ||
        memcmp(&settings, &again, sizeof settings) != 0)
      abort();
  }
  free(input);
  return 0;
}
