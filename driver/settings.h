/* SPDX-License-Identifier: MIT
 *
 * What a user may choose, as `Key = value` texts: from the property list at start, and one or more lines at a time
 * through the custom property at run time. One table of keys serves reading, checking and writing.
 *
 * Thread-safety: none needed, plain values.
 */
#ifndef ORIEL_DRIVER_SETTINGS_H
#define ORIEL_DRIVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/address.h"

enum {
  SETTINGS_NAME_SIZE = 64,     /* bytes of UTF-8 with the zero */
  SETTINGS_ADDRESS_SIZE = 320,
  SETTINGS_SHM_SIZE = 30,      /* with the slash, macOS allows 30 characters in a name of shared memory */
  SETTINGS_WHY_SIZE = 256,
  SETTINGS_TEXT_SIZE = 2048,   /* all settings as text */
};

struct settings {
  char output_name[SETTINGS_NAME_SIZE], input_name[SETTINGS_NAME_SIZE];
  uint32_t rate;                            /* Hz, both devices' at start */
  uint32_t output_channels, input_channels; /* 1..16 */
  uint32_t bitrate_kbps;                    /* of Opus, 16..510 */
  char transport[SETTINGS_ADDRESS_SIZE];    /* where played sound goes; empty = nowhere */
  char microphone[SETTINGS_ADDRESS_SIZE];   /* where recorded sound comes from; empty = silence */
  char shared_memory[SETTINGS_SHM_SIZE];    /* name without a slash; empty = none */
};

extern const struct settings settings_default;
extern const uint32_t settings_rates[];
enum { SETTINGS_RATE_COUNT = 4 };

bool settings_rate_is_known(uint32_t rate);

/** Sets one key from text. 0; -ENOENT (no such key), -EINVAL (value): then `why` (SETTINGS_WHY_SIZE bytes) is one line
 *  that says what is wrong and what would be right, and `settings` is untouched. */
int settings_set(struct settings *settings, const char *key, const char *value, char *why);
/** Applies lines of `Key = value`; empty lines and lines from `#` on are skipped. All or nothing: 0 or the error of the
 *  first bad line, whose number is in `why`. */
int settings_parse(struct settings *settings, const char *text, char *why);
/** All settings as such lines. Returns their size, less than SETTINGS_TEXT_SIZE. */
size_t settings_format(const struct settings *settings, char text[SETTINGS_TEXT_SIZE]);
/** The same, only of those that differ from `base`. */
size_t settings_format_changes(const struct settings *base, const struct settings *settings,
                               char text[SETTINGS_TEXT_SIZE]);
/** The keys in order; NULL after the last. */
const char *settings_key(size_t index);

#endif
