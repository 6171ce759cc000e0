/* SPDX-License-Identifier: MIT
 *
 * The commands; each returns the process's exit status. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_COMMANDS_H
#define ORIEL_CLI_COMMANDS_H

#include "cli/options.h"

int oriel_run_command(const struct oriel_options *options);
int oriel_serve_command(const struct oriel_options *options);
int oriel_config_command(const struct oriel_options *options);
int oriel_doctor_command(const struct oriel_options *options);

#endif
