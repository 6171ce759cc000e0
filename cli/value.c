/* SPDX-License-Identifier: MIT
 *
 * Values of options from their text. Any thread.
 */
#include "cli/value.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/** Digits from *text on, at most 9 of them, so that nothing overflows; moves *text behind them. */
static int take_number(const char **text, unsigned *value) {
  const size_t length = strspn(*text, "0123456789");
  if (length == 0 || length > 9)
    return -EINVAL;
  *value = (unsigned)strtoul(*text, NULL, 10);
  *text += length;
  return 0;
}

int oriel_value_unsigned(const char *text, unsigned min, unsigned max, unsigned *value) {
  unsigned number = 0;
  if (take_number(&text, &number) < 0 || *text != '\0' || number < min || number > max)
    return -EINVAL;
  *value = number;
  return 0;
}

int oriel_value_size(const char *text, unsigned *width, unsigned *height) {
  unsigned w = 0, h = 0;
  if (take_number(&text, &w) < 0 || *text++ != 'x' || take_number(&text, &h) < 0 || *text != '\0')
    return -EINVAL;
  if (w < 64 || w > 7680 || h < 64 || h > 4320)
    return -EINVAL;
  *width = w;
  *height = h;
  return 0;
}

int oriel_value_memory(const char *text, uint64_t *mib) {
  unsigned number = 0;
  if (take_number(&text, &number) < 0)
    return -EINVAL;
  uint64_t factor = 1;
  switch (*text) {
  case 'g': case 'G': factor = 1024; break;
  case 't': case 'T': factor = 1024 * 1024; break;
  default: break;
  }
  if (*text != '\0' && strchr("mMgGtT", *text) != NULL)
    text++;
  const uint64_t total = number * factor;
  if (*text != '\0' || total < 64 || total > 1024 * 1024)
    return -EINVAL;
  *mib = total;
  return 0;
}

int oriel_value_flag(const char *text, bool *value) {
  static const char *const on[] = {"1", "true", "yes", "on"}, *const off[] = {"0", "false", "no", "off", ""};
  for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
    if (strcasecmp(text, on[i]) == 0) {
      *value = true;
      return 0;
    }
  for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
    if (strcasecmp(text, off[i]) == 0) {
      *value = false;
      return 0;
    }
  return -EINVAL;
}
