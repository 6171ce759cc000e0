/* SPDX-License-Identifier: MIT
 *
 * A desktop's rows of the option table. Any thread.
 */
#include "cli/desktop_values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/option_table.h"
#include "cli/option_value.h"

int oriel_desktop_options_set(struct oriel_desktop_options *desktop, int index, const char *shown, const char *text,
                              char *why, size_t why_size) {
  const int result = oriel_option_store(&oriel_option_table[index], desktop, &desktop->texts, shown, text, why,
                                        why_size);
  if (result == 0)
    desktop->given |= UINT64_C(1) << index;
  return result;
}

/** Copies the rows of a desktop but those in `except`. */
static int copy_rows(const struct oriel_desktop_options *from, struct oriel_desktop_options *to, uint64_t except) {
  int result = 0;
  for (int i = 0; result == 0 && i < oriel_option_count; i++)
    if (oriel_option_table[i].scope == ORIEL_SCOPE_DESKTOP && (except & UINT64_C(1) << i) == 0)
      result = oriel_option_copy(&oriel_option_table[i], from, to, &to->texts);
  return result;
}

int oriel_desktop_options_inherit(struct oriel_desktop_options *desktop, const struct oriel_desktop_options *defaults) {
  return copy_rows(defaults, desktop, desktop->given);
}

int oriel_desktop_defaults_check(const struct oriel_desktop_options *defaults, char *why, size_t why_size) {
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].exclusive && (defaults->given & UINT64_C(1) << i) != 0) {
      const char *name = oriel_option_table[i].name;
      snprintf(why, why_size, "--%s is one desktop's: give it to that one, as NAME=ADDRESS,%s=%s", name, name,
               oriel_option_table[i].value);
      return -EINVAL;
    }
  return 0;
}

int oriel_desktop_options_copy(const struct oriel_desktop_options *desktop, struct oriel_desktop_options *copy) {
  *copy = (struct oriel_desktop_options){.line = desktop->line, .given = desktop->given};
  memcpy(copy->name, desktop->name, sizeof copy->name);
  int result = copy_rows(desktop, copy, 0);
  if (result == 0 && desktop->address != NULL) {
    copy->address = oriel_texts_add(&copy->texts, desktop->address, strlen(desktop->address));
    result = copy->address != NULL ? 0 : -ENOMEM;
  }
  if (result < 0)
    oriel_desktop_options_finish(copy);
  return result;
}

bool oriel_desktop_options_equal(const struct oriel_desktop_options *a, const struct oriel_desktop_options *b) {
  bool equal = strcmp(a->name, b->name) == 0 && strcmp(a->address, b->address) == 0;
  for (int i = 0; equal && i < oriel_option_count; i++)
    equal = oriel_option_table[i].scope != ORIEL_SCOPE_DESKTOP || oriel_option_equal(&oriel_option_table[i], a, b);
  return equal;
}
