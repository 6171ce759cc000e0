/* SPDX-License-Identifier: MIT
 *
 * What the sections and keys of a configuration file mean. Thread-safety: reentrant.
 */
#ifndef ORIEL_CLI_CONFIG_LOAD_H
#define ORIEL_CLI_CONFIG_LOAD_H

#include "cli/option_parser.h"

/** Reads the configuration file. 0; -EINVAL or what reading it met, with a sentence in parser->why, which begins with
 *  FILE:LINE; "" where the mistakes went to parser->problems. */
int oriel_config_load(struct oriel_option_parser *parser, const char *path);

#endif
