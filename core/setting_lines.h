/* SPDX-License-Identifier: MIT
 *
 * The lines of a text of settings: `key = value`, with blanks (space, tab, carriage return) round either left out;
 * empty lines, and lines whose first character is #, are skipped. What keys there are and what values they take is the
 * caller's.
 *
 * Thread-safety: one object, one thread. No allocation; the text stays the caller's.
 */
#ifndef ORIEL_CORE_SETTING_LINES_H
#define ORIEL_CORE_SETTING_LINES_H

#include <stddef.h>

struct oriel_setting_lines {
  const char *text; /* what is left of it; need not end with a zero */
  size_t size;
  unsigned number; /* of the line that was given last, from 1; 0 before */
};

/** Parts of the text, neither of which ends with a zero. */
struct oriel_setting_line {
  const char *key, *value;
  size_t key_size, value_size; /* either may be 0 */
};

/** The next line that is not skipped. 1; 0 at the end of the text; -EINVAL: it has no =, is in `key` whole, and
 *  `value` is NULL. */
int oriel_setting_lines_next(struct oriel_setting_lines *lines, struct oriel_setting_line *line);
/** Copies a part into `text`, with a zero behind. 0; -EMSGSIZE: it does not fit, or has a zero in it. */
int oriel_setting_text(const char *part, size_t part_size, char *text, size_t size);

#endif
