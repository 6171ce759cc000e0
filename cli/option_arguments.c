/* SPDX-License-Identifier: MIT
 *
 * The words of the command line. Any thread.
 */
#include "cli/option_parser.h"

#include <errno.h>
#include <string.h>

#include "cli/desktop_spec.h"
#include "cli/nearest.h"

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/** "; did you mean --fps?", or where the option belongs. */
static void hint_option(enum oriel_command command, const char *name, size_t length, char *hint, size_t size) {
  static const enum oriel_command others[] = {ORIEL_CLI_RUN, ORIEL_CLI_SERVE, ORIEL_CLI_DOCTOR};
  struct oriel_nearest nearest;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (oriel_option_find(name, length, others[i]) >= 0) {
      snprintf(hint, size, "; it is an option of `oriel %s`", oriel_command_name(others[i]));
      return;
    }
  oriel_nearest_init(&nearest, name, length);
  oriel_nearest_consider(&nearest, "help");
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].commands & command)
      oriel_nearest_consider(&nearest, oriel_option_table[i].name);
  oriel_nearest_hint(&nearest, "--", hint, size);
}

static int parse_option(struct oriel_option_parser *parser, int argc, char *const argv[], int *next) {
  const char *argument = argv[*next], *name = argument + 2;
  const size_t length = strcspn(name, "=");
  const enum oriel_command command = parser->options->command;
  const int index = oriel_option_find(name, length, command);
  if (index < 0) {
    char hint[96];
    hint_option(command, name, length, hint, sizeof hint);
    snprintf(parser->why, parser->why_size, "unknown option %.*s: see `oriel %s --help`%s", (int)least(length + 2, 100),
             argument, oriel_command_name(command), hint);
    return -EINVAL;
  }
  const struct oriel_option *option = &oriel_option_table[index];
  char shown[64];
  snprintf(shown, sizeof shown, "--%s", option->name);
  const char *value = name[length] == '=' ? name + length + 1 : NULL;
  if (option->type == ORIEL_OPTION_FLAG)
    return oriel_option_parser_set(parser, index, shown, value != NULL ? value : "1", ORIEL_PLACE_COMMAND_LINE);
  if (value == NULL && *next + 1 < argc)
    value = argv[++*next];
  if (value == NULL) {
    snprintf(parser->why, parser->why_size, "%s needs a value: %s %s", shown, shown, option->value);
    return -EINVAL;
  }
  return oriel_option_parser_set(parser, index, shown, value, ORIEL_PLACE_COMMAND_LINE);
}

/** NAME=ADDRESS and no address, which has a colon first. */
static bool is_named(const char *text) {
  return text[strcspn(text, "=:/")] == '=';
}

static int add_named(struct oriel_option_parser *parser, const char *text) {
  char name[ORIEL_DESKTOP_NAME_SIZE + 1]; /* one more, so that too long a one is seen to be */
  const size_t length = strcspn(text, "=");
  snprintf(name, sizeof name, "%.*s", (int)least(length, sizeof name - 1), text);
  struct oriel_desktop_options *desktop = oriel_option_parser_add(parser, name);
  if (desktop == NULL)
    return -EINVAL;
  return oriel_desktop_options_read(desktop, text + length + 1, parser->why, parser->why_size);
}

static int add_unnamed(struct oriel_option_parser *parser, const char *text) {
  if (parser->options->desktop_count > 0) {
    snprintf(parser->why, parser->why_size, "unexpected \"%.100s\": several desktops need names, as NAME=ADDRESS; see "
             "`oriel serve --help`", text);
    return -EINVAL;
  }
  struct oriel_desktop_options *desktop = oriel_option_parser_add_unnamed(parser);
  if (desktop == NULL)
    return -ENOMEM;
  desktop->address = oriel_texts_add(&desktop->texts, text, strlen(text));
  if (desktop->address != NULL)
    return 0;
  snprintf(parser->why, parser->why_size, "cannot read what to serve: out of memory");
  return -ENOMEM;
}

static int parse_operand(struct oriel_option_parser *parser, const char *text) {
  struct oriel_options *options = parser->options;
  const enum oriel_command command = options->command;
  const bool takes_desktops = command == ORIEL_CLI_SERVE || (command == ORIEL_CLI_CONFIG && options->operand != NULL);
  if (takes_desktops && is_named(text))
    return add_named(parser, text);
  if (command == ORIEL_CLI_SERVE)
    return add_unnamed(parser, text);
  if (command != ORIEL_CLI_DOCTOR && options->operand == NULL)
    options->operand = text;
  else if (command == ORIEL_CLI_CONFIG && options->operand2 == NULL)
    options->operand2 = text;
  else {
    snprintf(parser->why, parser->why_size, "unexpected \"%.100s\": see `oriel %s --help`", text,
             oriel_command_name(command));
    return -EINVAL;
  }
  return 0;
}

int oriel_option_parser_arguments(struct oriel_option_parser *parser, int argc, char *const argv[]) {
  struct oriel_options *options = parser->options;
  for (int i = 0; i < argc; i++) {
    int result = 0;
    if (strcmp(argv[i], "--") == 0) {
      if (options->command == ORIEL_CLI_RUN) {
        options->extra = argv + i + 1;
        return 0;
      }
      continue;
    }
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      options->help = true;
    else if (strncmp(argv[i], "--", 2) == 0)
      result = parse_option(parser, argc, argv, &i);
    else if (argv[i][0] == '-' && argv[i][1] != '\0') {
      snprintf(parser->why, parser->why_size, "unknown option %.100s: see `oriel %s --help`%s", argv[i],
               oriel_command_name(options->command),
               options->command == ORIEL_CLI_RUN ? "; QEMU's own options go behind --" : "");
      result = -EINVAL;
    } else
      result = parse_operand(parser, argv[i]);
    if (result < 0)
      return result;
  }
  return 0;
}
