/* SPDX-License-Identifier: MIT
 *
 * From the command line, the environment and the configuration file to options. Thread-safety: reentrant.
 */
#ifndef ORIEL_CLI_OPTIONS_PARSE_H
#define ORIEL_CLI_OPTIONS_PARSE_H

#include <stdio.h>

#include "cli/options.h"

/** Parses the arguments after the command's name, fills what they left open from the environment, then from the file
 *  that --config names; adds the file's desktops. `arguments` is borrowed, strings are copied. 0, and the caller calls
 *  finish; -EINVAL, -ENOMEM or what reading the file met, with one sentence in `why` (at least 512 bytes). */
int oriel_options_parse(enum oriel_command command, int argc, char *const argv[], struct oriel_options *options,
                        char *why, size_t why_size);
/** As that, but every mistake of the file is written to `problems`, one a line, a hundred at most; `why` is then "". */
int oriel_options_check(enum oriel_command command, int argc, char *const argv[], struct oriel_options *options,
                        FILE *problems, char *why, size_t why_size);

#endif
