/* SPDX-License-Identifier: MIT
 *
 * What the sections and keys of a configuration file mean. Any thread.
 */
#include "cli/config_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config.h"
#include "cli/desktop_values.h"
#include "cli/nearest.h"
#include "cli/secret.h"

enum { PROBLEMS_MAX = 100 };

struct loader {
  struct oriel_option_parser *parser;
  const char *path;
  bool in_desktop;  /* the section is one: the newest of the options' */
  uint64_t seen;    /* rows that [server] gave, a bit each */
  bool secrets;     /* it holds some */
  unsigned problems;
};

static struct oriel_desktop_options *newest(const struct loader *loader) {
  const struct oriel_options *options = loader->parser->options;
  return &options->desktops[options->desktop_count - 1];
}

static bool tell(void *user, unsigned line, const char *why) {
  struct loader *loader = user;
  const struct oriel_option_parser *parser = loader->parser;
  if (loader->problems++ == 0 && parser->problems == NULL)
    snprintf(parser->why, parser->why_size, "%.200s:%u: %s", loader->path, line, why);
  if (parser->problems == NULL)
    return false;
  fprintf(parser->problems, "%s:%u: %s\n", loader->path, line, why);
  if (loader->problems == PROBLEMS_MAX)
    fprintf(parser->problems, "%s: more than %d mistakes: the rest is not read\n", loader->path, PROBLEMS_MAX);
  return loader->problems < PROBLEMS_MAX;
}

/** A desktop's section is at its end. */
static void leave_section(struct loader *loader) {
  char why[512];
  if (loader->in_desktop && oriel_desktop_options_check(newest(loader), why, sizeof why) < 0)
    (void)tell(loader, newest(loader)->line, why);
  loader->in_desktop = false;
}

static int enter_desktop(struct loader *loader, const struct oriel_config_item *item, char *why, size_t why_size) {
  if (item->argument[0] == '\0') {
    snprintf(why, why_size, "[desktop] has no name: write it as [desktop web]");
    return -EINVAL;
  }
  /* The parser's own sentence is ours: its place is not yet known there. */
  struct oriel_option_parser parser = *loader->parser;
  parser.why = why;
  parser.why_size = why_size;
  struct oriel_desktop_options *desktop = oriel_option_parser_add(&parser, item->argument);
  if (desktop == NULL)
    return -EINVAL;
  desktop->line = item->line;
  loader->in_desktop = true;
  return 0;
}

static int enter_section(struct loader *loader, const struct oriel_config_item *item, char *why, size_t why_size) {
  leave_section(loader);
  if (strcmp(item->section, "desktop") == 0)
    return enter_desktop(loader, item, why, why_size);
  if (strcmp(item->section, "server") == 0 && item->argument[0] == '\0')
    return 0;
  snprintf(why, why_size, "no section is called [%.60s%s%.60s]: there are [server] and [desktop NAME]", item->section,
           item->argument[0] != '\0' ? " " : "", item->argument);
  return -EINVAL;
}

static int unknown(const struct loader *loader, const char *key, char *why, size_t why_size) {
  struct oriel_nearest nearest;
  char hint[96];
  if (loader->in_desktop && oriel_option_find(key, strlen(key), ORIEL_CLI_SERVE) >= 0)
    snprintf(why, why_size, "%s is an option of the whole server: put it into [server]", key);
  else if (!loader->in_desktop && strcmp(key, "address") == 0)
    snprintf(why, why_size, "address is a desktop's: put it into [desktop NAME]");
  else {
    oriel_nearest_init(&nearest, key, strlen(key));
    if (loader->in_desktop)
      oriel_nearest_consider(&nearest, "address");
    for (int i = 0; i < oriel_option_count; i++)
      if (loader->in_desktop ? oriel_option_table[i].scope == ORIEL_SCOPE_DESKTOP
                             : (oriel_option_table[i].commands & ORIEL_CLI_SERVE) != 0)
        oriel_nearest_consider(&nearest, oriel_option_table[i].name);
    oriel_nearest_hint(&nearest, "", hint, sizeof hint);
    snprintf(why, why_size, "no option is called \"%.100s\": see `oriel serve --help`%s", key, hint);
  }
  return -EINVAL;
}

static int twice(const char *key, char *why, size_t why_size) {
  snprintf(why, why_size, "%s is given a second time: leave one out", key);
  return -EINVAL;
}

static int set_address(struct loader *loader, const char *value, char *why, size_t why_size) {
  struct oriel_desktop_options *desktop = newest(loader);
  if (desktop->address != NULL)
    return twice("address", why, why_size);
  if (value[0] == '\0') {
    snprintf(why, why_size, "address is empty: write it as qemu:/run/%s/qmp.sock or pattern:", desktop->name);
    desktop->address = ""; /* told, and not again at the section's end */
    return -EINVAL;
  }
  desktop->address = oriel_texts_add(&desktop->texts, value, strlen(value));
  if (desktop->address != NULL)
    return 0;
  snprintf(why, why_size, "address is not taken: out of memory");
  return -ENOMEM;
}

static int set_desktop(struct loader *loader, const struct oriel_config_item *item, char *why, size_t why_size) {
  struct oriel_desktop_options *desktop = newest(loader);
  if (strcmp(item->key, "address") == 0)
    return set_address(loader, item->value, why, why_size);
  const int index = oriel_option_find_desktop(item->key, strlen(item->key));
  if (index < 0)
    return unknown(loader, item->key, why, why_size);
  const struct oriel_option *option = &oriel_option_table[index];
  if (option->type != ORIEL_OPTION_LIST && (desktop->given & UINT64_C(1) << index) != 0)
    return twice(item->key, why, why_size);
  loader->secrets = loader->secrets || option->secret;
  return oriel_desktop_options_set(desktop, index, item->key, item->value, why, why_size);
}

static int set_server(struct loader *loader, const struct oriel_config_item *item, char *why, size_t why_size) {
  const int index = oriel_option_find(item->key, strlen(item->key), ORIEL_CLI_SERVE);
  if (index < 0)
    return unknown(loader, item->key, why, why_size);
  const struct oriel_option *option = &oriel_option_table[index];
  if (strcmp(option->name, "config") == 0) {
    snprintf(why, why_size, "config names this file and cannot stand in it");
    return -EINVAL;
  }
  if (option->type != ORIEL_OPTION_LIST && (loader->seen & UINT64_C(1) << index) != 0)
    return twice(item->key, why, why_size);
  loader->seen |= UINT64_C(1) << index;
  loader->secrets = loader->secrets || option->secret;
  if (oriel_option_parser_outranks(loader->parser, index, ORIEL_PLACE_FILE))
    return 0;
  struct oriel_option_parser parser = *loader->parser;
  parser.why = why;
  parser.why_size = why_size;
  const int result = oriel_option_parser_set(&parser, index, item->key, item->value, ORIEL_PLACE_FILE);
  if (result == 0)
    loader->parser->place[index] = ORIEL_PLACE_FILE;
  return result;
}

static int take(void *user, const struct oriel_config_item *item, char *why, size_t why_size) {
  struct loader *loader = user;
  if (item->key == NULL)
    return enter_section(loader, item, why, why_size);
  return loader->in_desktop ? set_desktop(loader, item, why, why_size) : set_server(loader, item, why, why_size);
}

int oriel_config_load(struct oriel_option_parser *parser, const char *path) {
  struct loader loader = {.parser = parser, .path = path};
  const struct oriel_config_reader reader = {.user = &loader, .item = take, .problem = tell};
  char *text = NULL;
  int result = oriel_file_read("configuration file", path, ORIEL_CONFIG_SIZE_MAX, false, &text, parser->why,
                               parser->why_size);
  if (result < 0)
    return result;
  (void)oriel_config_read(text, strlen(text), &reader);
  explicit_bzero(text, strlen(text));
  free(text);
  leave_section(&loader);
  if (loader.secrets)
    oriel_file_warn_readable("configuration file", path);
  if (loader.problems > 0 && parser->problems != NULL)
    parser->why[0] = '\0';
  return loader.problems > 0 ? -EINVAL : 0;
}
