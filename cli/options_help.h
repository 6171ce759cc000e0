/* SPDX-License-Identifier: MIT
 *
 * The options' part of --help. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_OPTIONS_HELP_H
#define ORIEL_CLI_OPTIONS_HELP_H

#include <stdio.h>

#include "cli/options.h"

/** Writes the option part of --help, aligned. */
void oriel_options_help(FILE *file, enum oriel_command command);
/** Writes which options a desktop may be given itself. */
void oriel_options_help_desktop(FILE *file);

#endif
