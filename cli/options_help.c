/* SPDX-License-Identifier: MIT
 *
 * The options' part of --help. Main thread.
 */
#include "cli/options_help.h"

#include <string.h>

#include "cli/option_table.h"

/** Prints `text` from the current column `at` on, broken at spaces before column 100. */
static void print_wrapped(FILE *file, const char *text, int at) {
  int column = at;
  while (*text != '\0') {
    const int length = (int)strcspn(text, " ");
    if (column > at && column + 1 + length > 100) {
      fprintf(file, "\n%*s", at, "");
      column = at;
    } else if (column > at) {
      fputc(' ', file);
      column++;
    }
    fprintf(file, "%.*s", length, text);
    column += length;
    text += length + (text[length] == ' ' ? 1 : 0);
  }
  fputc('\n', file);
}

void oriel_options_help(FILE *file, enum oriel_command command) {
  enum { COLUMN = 32 };
  fputs("Options:\n", file);
  for (int i = 0; i < oriel_option_count; i++) {
    const struct oriel_option *option = &oriel_option_table[i];
    if ((option->commands & command) == 0)
      continue;
    const int width = fprintf(file, "  --%s%s%s", option->name, option->value != NULL ? " " : "",
                              option->value != NULL ? option->value : "");
    fprintf(file, "%*s", COLUMN - width, "");
    print_wrapped(file, option->help, COLUMN);
  }
  fprintf(file, "  %-*s%s\n", COLUMN - 2, "--help", "this text");
  fputs("\nEvery option can also be set in the environment: --tls-cert as ORIEL_TLS_CERT, lists separated by commas,\n"
        "flags as 1 or 0. The command line is stronger.\n", file);
}

void oriel_options_help_desktop(FILE *file) {
  char names[1024] = "A desktop takes:";
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].scope == ORIEL_SCOPE_DESKTOP) {
      const size_t used = strlen(names);
      snprintf(names + used, sizeof names - used, " %s", oriel_option_table[i].name);
    }
  fputc('\n', file);
  print_wrapped(file, names, 0);
}
