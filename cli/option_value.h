/* SPDX-License-Identifier: MIT
 *
 * Values of rows of the option table. `base` is the struct of the row's scope: struct oriel_options or struct
 * oriel_desktop_options. Thread-safety: none.
 */
#ifndef ORIEL_CLI_OPTION_VALUE_H
#define ORIEL_CLI_OPTION_VALUE_H

#include <stdio.h>

#include "cli/option_table.h"
#include "cli/texts.h"

/** Sets the value from `text`; strings are copied into `texts`. `shown` is the option as the user wrote it: "--fps",
 *  "ORIEL_FPS". 0; -EINVAL, -ENOMEM with one sentence in `why` (at least 256 bytes). */
int oriel_option_store(const struct oriel_option *option, void *base, struct oriel_texts *texts, const char *shown,
                       const char *text, char *why, size_t why_size);
/** Copies the value of a desktop's row, its strings into `texts`. 0; -ENOMEM. */
int oriel_option_copy(const struct oriel_option *option, const void *from, void *to, struct oriel_texts *texts);
/** Whether two structs have the same value. */
bool oriel_option_equal(const struct oriel_option *option, const void *a, const void *b);
/** Writes "name = value", or a line for each word of a list; nothing for what has no value. A secret is not shown. */
void oriel_option_print(const struct oriel_option *option, const void *base, FILE *file);

#endif
