/* SPDX-License-Identifier: MIT
 *
 * Options while they are being read: where each value came from, so that the stronger place wins. Only the files that
 * read options include this. Thread-safety: none.
 */
#ifndef ORIEL_CLI_OPTION_PARSER_H
#define ORIEL_CLI_OPTION_PARSER_H

#include <stdio.h>

#include "cli/option_table.h"
#include "cli/options.h"

/** In the order of their strength. */
enum oriel_option_place { ORIEL_PLACE_NONE, ORIEL_PLACE_FILE, ORIEL_PLACE_ENVIRONMENT, ORIEL_PLACE_COMMAND_LINE };

struct oriel_option_parser {
  struct oriel_options *options;
  enum oriel_option_place place[ORIEL_OPTIONS_MAX]; /* of each row of the table */
  FILE *problems; /* takes every mistake of the configuration file; NULL = the first ends the reading */
  char *why;
  size_t why_size;
};

/** Reads the words after the command's name. 0; -EINVAL, -ENOMEM with a sentence in parser->why. */
int oriel_option_parser_arguments(struct oriel_option_parser *parser, int argc, char *const argv[]);
/** Sets row `index`, a desktop's as the default; `shown` is the option as the user wrote it. 0; -EINVAL, -ENOMEM with a
 *  sentence in parser->why. */
int oriel_option_parser_set(struct oriel_option_parser *parser, int index, const char *shown, const char *text,
                            enum oriel_option_place place);
/** Whether a stronger place than `place` gave this option, or one that replaces it. */
bool oriel_option_parser_outranks(const struct oriel_option_parser *parser, int index, enum oriel_option_place place);
/** A new desktop, the options' and valid until the next one. NULL, with a sentence in parser->why, when the name is bad
 *  or taken, or there are too many. */
struct oriel_desktop_options *oriel_option_parser_add(struct oriel_option_parser *parser, const char *name);
/** The same for the only one, which has no name; whether it is alone is for the caller to see. */
struct oriel_desktop_options *oriel_option_parser_add_unnamed(struct oriel_option_parser *parser);

#endif
