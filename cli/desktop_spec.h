/* SPDX-License-Identifier: MIT
 *
 * A desktop in one word of the command line. Thread-safety: none.
 */
#ifndef ORIEL_CLI_DESKTOP_SPEC_H
#define ORIEL_CLI_DESKTOP_SPEC_H

#include "cli/desktop_options.h"

/** Reads "ADDRESS[,key=value]...", in which a backslash takes a special meaning from what follows: "\," is a comma. 0;
 *  -EINVAL, -ENOMEM with a sentence in `why` that names the desktop by the name that is set before. */
int oriel_desktop_options_read(struct oriel_desktop_options *desktop, const char *text, char *why, size_t why_size);
/** Sets one option from "key=value", in which nothing is special and which is changed; a flag's key alone is 1. As
 *  above. */
int oriel_desktop_options_read_one(struct oriel_desktop_options *desktop, char *word, char *why, size_t why_size);

#endif
