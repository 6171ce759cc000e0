/* SPDX-License-Identifier: MIT
 *
 * The table of options: what each is called, where it may stand, and where its value lies. Only the files that read
 * options include this. Thread-safety: constant.
 */
#ifndef ORIEL_CLI_OPTION_TABLE_H
#define ORIEL_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum oriel_option_type {
  ORIEL_OPTION_STRING,
  ORIEL_OPTION_FLAG,
  ORIEL_OPTION_NUMBER,
  ORIEL_OPTION_LIST,
  ORIEL_OPTION_MEMORY,
  ORIEL_OPTION_DISPLAY,
  ORIEL_OPTION_ACCEL,
  ORIEL_OPTION_LEVEL,
  ORIEL_OPTION_NETWORK,
  ORIEL_OPTION_CONTROL,
  ORIEL_OPTION_CLIPBOARD,
};

/** What a value is of: the process, in struct oriel_options; or a desktop, in struct oriel_desktop_options, where the
 *  command line, the environment and [server] give the default of every desktop. */
enum oriel_option_scope { ORIEL_SCOPE_PROCESS, ORIEL_SCOPE_DESKTOP };

struct oriel_option {
  const char *name, *value; /* "listen", "ADDR:PORT" (NULL for flags) */
  unsigned commands;        /* enum oriel_command; 0 = only in a desktop's own list or section */
  enum oriel_option_scope scope;
  size_t offset;            /* in the struct of its scope */
  enum oriel_option_type type;
  unsigned min, max;                 /* NUMBER */
  bool (*accepts)(const char *word); /* LIST, and NUMBER where not all in the range are good; NULL = all */
  const char *allowed;  /* completes "must be ..." in errors; NULL for NUMBER (its range) and STRING */
  const char *help;
  const char *excludes; /* an option that this one replaces when it comes from a stronger place */
  bool secret;          /* never printed */
  bool exclusive;       /* an address that two desktops cannot share */
};

enum { ORIEL_OPTIONS_MAX = 64 };

extern const struct oriel_option oriel_option_table[];
extern const int oriel_option_count;

/** The row of that name, `length` bytes, that one of `commands` has; 0 for `commands`: any of them. -1 = there is
 *  none. */
int oriel_option_find(const char *name, size_t length, unsigned commands);
/** The row of that name that a desktop may be given. -1 = there is none. */
int oriel_option_find_desktop(const char *name, size_t length);

#endif
