/* SPDX-License-Identifier: MIT
 *
 * What `oriel --help` and `oriel COMMAND --help` say. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_HELP_H
#define ORIEL_CLI_HELP_H

#include <stdio.h>

#include "cli/options.h"

void oriel_help(FILE *file);
void oriel_command_help(FILE *file, enum oriel_command command);

#endif
