/* SPDX-License-Identifier: MIT
 *
 * What each place gives, and which is the stronger. Any thread.
 */
#include "cli/option_parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/desktop_values.h"
#include "cli/option_value.h"

int oriel_option_parser_set(struct oriel_option_parser *parser, int index, const char *shown, const char *text,
                            enum oriel_option_place place) {
  const struct oriel_option *option = &oriel_option_table[index];
  struct oriel_options *options = parser->options;
  struct oriel_desktop_options *defaults = &options->defaults;
  const int result = option->scope == ORIEL_SCOPE_DESKTOP
                         ? oriel_desktop_options_set(defaults, index, shown, text, parser->why, parser->why_size)
                         : oriel_option_store(option, options, &options->texts, shown, text, parser->why,
                                              parser->why_size);
  if (result == 0)
    parser->place[index] = place;
  return result;
}

bool oriel_option_parser_outranks(const struct oriel_option_parser *parser, int index, enum oriel_option_place place) {
  const char *other = oriel_option_table[index].excludes;
  return parser->place[index] > place ||
         (other != NULL && parser->place[oriel_option_find(other, strlen(other), 0)] > place);
}

struct oriel_desktop_options *oriel_option_parser_add_unnamed(struct oriel_option_parser *parser) {
  struct oriel_options *options = parser->options;
  struct oriel_desktop_options *grown = realloc(options->desktops, (options->desktop_count + 1) * sizeof *grown);
  if (grown == NULL) {
    snprintf(parser->why, parser->why_size, "cannot read what to serve: out of memory");
    return NULL;
  }
  options->desktops = grown;
  grown[options->desktop_count] = (struct oriel_desktop_options){0};
  return &grown[options->desktop_count++];
}

static bool is_taken(const struct oriel_options *options, const char *name) {
  for (unsigned i = 0; i < options->desktop_count; i++)
    if (strcmp(options->desktops[i].name, name) == 0)
      return true;
  return false;
}

struct oriel_desktop_options *oriel_option_parser_add(struct oriel_option_parser *parser, const char *name) {
  const struct oriel_options *options = parser->options;
  if (!oriel_desktop_name_valid(name))
    snprintf(parser->why, parser->why_size, "the desktop's name \"%.100s\" must be 1 to 63 of a-z 0-9 . _ - and begin "
             "with a letter or a digit", name);
  else if (is_taken(options, name))
    snprintf(parser->why, parser->why_size, "desktop %s is there twice: give one of them another name", name);
  else if (is_taken(options, ""))
    snprintf(parser->why, parser->why_size, "%.100s has no name, which several desktops need: write NAME=%.100s",
             options->desktops[0].address, options->desktops[0].address);
  else if (options->desktop_count == ORIEL_DESKTOPS_MAX)
    snprintf(parser->why, parser->why_size, "desktop %s is one too many: one server holds %d", name,
             ORIEL_DESKTOPS_MAX);
  else {
    struct oriel_desktop_options *desktop = oriel_option_parser_add_unnamed(parser);
    if (desktop != NULL)
      strcpy(desktop->name, name);
    return desktop;
  }
  return NULL;
}
