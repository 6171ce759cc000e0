/* SPDX-License-Identifier: MIT
 *
 * The reader of configuration files. Any thread.
 */
#include "cli/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char blanks[] = " \t\r";

struct state {
  const struct oriel_config_reader *reader;
  const char *next, *end;
  unsigned line;                        /* of what is at `next`, less one */
  unsigned entry_line;                  /* where the entry begins */
  size_t length;                        /* of the entry */
  char entry[ORIEL_CONFIG_ENTRY_MAX + 1];
  char section[ORIEL_CONFIG_ENTRY_MAX + 1];
  const char *name, *argument;          /* in `section`; name NULL = there was none yet, or it was refused */
  bool refused;
  bool failed;
};

/** False ends the reading. */
static bool complain(struct state *state, unsigned line, const char *why) {
  state->failed = true;
  return state->reader->problem(state->reader->user, line, why);
}

/** Cuts blanks off both ends of a text that may be changed. */
static char *trim(char *text) {
  text += strspn(text, blanks);
  size_t length = strlen(text);
  while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
    length--;
  text[length] = '\0';
  return text;
}

/** The next line, without what ends it and without blanks before it. False at the end. */
static bool take_line(struct state *state, const char **line, size_t *length) {
  if (state->next == state->end)
    return false;
  const char *from = state->next, *newline = memchr(from, '\n', (size_t)(state->end - from));
  const char *to = newline != NULL ? newline : state->end;
  state->next = newline != NULL ? newline + 1 : state->end;
  state->line++;
  while (from < to && strchr(blanks, *from) != NULL)
    from++;
  while (to > from && to[-1] == '\r')
    to--;
  *line = from;
  *length = (size_t)(to - from);
  return true;
}

/** A backslash that none before it takes its meaning from. */
static bool is_continued(const char *line, size_t length) {
  size_t slashes = 0;
  while (slashes < length && line[length - 1 - slashes] == '\\')
    slashes++;
  return slashes % 2 == 1;
}

static const char *find_control(const char *line, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7F)
      return &line[i];
  return NULL;
}

/** What is wrong with a line as such; NULL = nothing. */
static const char *judge_line(const struct state *state, const char *line, size_t length, char *why, size_t size) {
  const char *control = find_control(line, length);
  if (control != NULL)
    snprintf(why, size, "the line holds the byte 0x%02X: write plain text", (unsigned)(unsigned char)*control);
  else if (length > ORIEL_CONFIG_ENTRY_MAX - state->length)
    snprintf(why, size, "the entry is longer than %d bytes: shorten it", ORIEL_CONFIG_ENTRY_MAX);
  else
    return NULL;
  return why;
}

/** Adds a line to the entry. 0; -EINVAL when it was refused; -ECANCELED when the reading is to end. */
static int join_line(struct state *state, const char *line, size_t length, bool continued) {
  char why[128];
  if (judge_line(state, line, length, why, sizeof why) != NULL)
    return complain(state, state->line, why) ? -EINVAL : -ECANCELED;
  memcpy(state->entry + state->length, line, length);
  state->length += length;
  if (continued)
    state->entry[state->length - 1] = ' ';
  return 0;
}

/** Joins the lines of one entry. 1; 0 at the end of the file; -EINVAL when one was refused, and the rest of it skipped;
 *  -ECANCELED when the reading is to end. */
static int take_entry(struct state *state) {
  const char *line;
  size_t length;
  int result = 0;
  bool continued = true;
  state->length = 0;
  state->entry_line = 0;
  while (continued && result != -ECANCELED && take_line(state, &line, &length)) {
    if (length > 0 ? line[0] == '#' || line[0] == ';' : state->entry_line == 0)
      continue;
    if (state->entry_line == 0)
      state->entry_line = state->line;
    continued = is_continued(line, length);
    if (result == 0)
      result = join_line(state, line, length, continued);
  }
  state->entry[state->length] = '\0';
  return result < 0 ? result : state->entry_line > 0;
}

static bool enter_section(struct state *state, char *why, size_t why_size) {
  char *text = trim(state->entry);
  const size_t length = strlen(text);
  state->name = NULL;
  state->refused = true;
  if (text[length - 1] != ']') {
    snprintf(why, why_size, "the section \"%.100s\" has no ] at its end", text);
    return false;
  }
  text[length - 1] = '\0';
  strcpy(state->section, trim(text + 1));
  char *argument = state->section + strcspn(state->section, blanks);
  if (*argument != '\0')
    *argument++ = '\0';
  const struct oriel_config_item item = {
    .line = state->entry_line, .section = state->section, .argument = argument + strspn(argument, blanks)};
  if (state->reader->item(state->reader->user, &item, why, why_size) < 0)
    return false;
  state->name = item.section;
  state->argument = item.argument;
  state->refused = false;
  return true;
}

static bool enter_value(struct state *state, char *why, size_t why_size) {
  char *equals = strchr(state->entry, '=');
  if (state->name == NULL) {
    snprintf(why, why_size, "the entry is in no section: begin with [server] or [desktop NAME]");
    return state->refused; /* of which the section's line was told */
  }
  if (equals == NULL) {
    snprintf(why, why_size, "\"%.60s\" is neither a section nor an entry: write key = value", state->entry);
    return false;
  }
  *equals = '\0';
  const struct oriel_config_item item = {.line = state->entry_line, .section = state->name,
                                         .argument = state->argument, .key = trim(state->entry),
                                         .value = trim(equals + 1)};
  return state->reader->item(state->reader->user, &item, why, why_size) == 0;
}

static void skip_mark(struct state *state) {
  static const char mark[] = "\xEF\xBB\xBF"; /* UTF-8's, by some editors */
  if (state->end - state->next >= 3 && memcmp(state->next, mark, 3) == 0)
    state->next += 3;
}

int oriel_config_read(const char *text, size_t size, const struct oriel_config_reader *reader) {
  struct state state = {.reader = reader, .next = text, .end = text + size};
  char why[512] = "";
  int result;
  skip_mark(&state);
  while ((result = take_entry(&state)) != 0 && result != -ECANCELED) {
    if (result < 0)
      continue;
    const bool good = state.entry[0] == '[' ? enter_section(&state, why, sizeof why)
                                            : enter_value(&state, why, sizeof why);
    if (!good && !complain(&state, state.entry_line, why))
      break;
  }
  explicit_bzero(state.entry, sizeof state.entry); /* a token may have been in it */
  return state.failed ? -EINVAL : 0;
}
