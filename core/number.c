/* SPDX-License-Identifier: MIT
 *
 * Decimal digits. Any thread.
 */
#include "core/number.h"

#include <errno.h>

int oriel_number_parse(const char *text, size_t size, uint32_t least, uint32_t most, uint32_t *number) {
  uint64_t value = 0;
  if (size == 0)
    return -EINVAL;
  for (size_t i = 0; i < size; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -EINVAL;
    value = value * 10 + (uint64_t)(text[i] - '0');
    if (value > most)
      return -EINVAL;
  }
  if (value < least)
    return -EINVAL;
  *number = (uint32_t)value;
  return 0;
}
