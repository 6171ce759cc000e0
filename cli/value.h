/* SPDX-License-Identifier: MIT
 *
 * Values of options from their text. Each returns 0, or -EINVAL with the output untouched. Thread-safety: reentrant.
 */
#ifndef ORIEL_CLI_VALUE_H
#define ORIEL_CLI_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/** Decimal digits only, within [min, max]. */
int oriel_value_unsigned(const char *text, unsigned min, unsigned max, unsigned *value);
/** "1280x720". */
int oriel_value_size(const char *text, unsigned *width, unsigned *height);
/** "512M", "2G", "1T", or MiB without a letter; within [64 MiB, 1 TiB]. */
int oriel_value_memory(const char *text, uint64_t *mib);
/** "1", "true", "yes", "on" or "0", "false", "no", "off", "". */
int oriel_value_flag(const char *text, bool *value);

#endif
