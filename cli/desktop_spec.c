/* SPDX-License-Identifier: MIT
 *
 * A desktop on the command line: ADDRESS[,key=value]... Any thread.
 */
#include "cli/desktop_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/desktop_values.h"
#include "cli/nearest.h"
#include "cli/option_table.h"

enum { WORD_MAX = 1024 };

/** Takes what stands before the next comma from *text on, without its backslashes, and moves *text behind the comma. 1
 *  when there was one, 0 at the end; -EINVAL, with a sentence in `why`, when it is too long or ends in a backslash. */
static int take_word(const char **text, char word[WORD_MAX], const char *name, char *why, size_t why_size) {
  size_t length = 0;
  const char *c = *text;
  for (; *c != '\0' && *c != ','; c++) {
    if (*c == '\\' && *++c == '\0') {
      snprintf(why, why_size, "desktop %s ends in a backslash: what should follow it is missing", name);
      return -EINVAL;
    }
    if (length == WORD_MAX - 1) {
      snprintf(why, why_size, "desktop %s has a word of more than %d bytes: give it by --config", name, WORD_MAX - 1);
      return -EINVAL;
    }
    word[length++] = *c;
  }
  word[length] = '\0';
  *text = *c == ',' ? c + 1 : c;
  return *c == ',';
}

static int unknown(const char *name, const char *key, char *why, size_t why_size) {
  struct oriel_nearest nearest;
  char hint[96];
  if (key[0] == '\0')
    snprintf(why, why_size, "desktop %s has a comma with nothing behind it: leave it out, or write \\, for a comma "
             "in its address", name);
  else if (oriel_option_find(key, strlen(key), 0) >= 0)
    snprintf(why, why_size, "%s of desktop %s is an option of the whole server: give it as --%s", key, name, key);
  else {
    oriel_nearest_init(&nearest, key, strlen(key));
    for (int i = 0; i < oriel_option_count; i++)
      if (oriel_option_table[i].scope == ORIEL_SCOPE_DESKTOP)
        oriel_nearest_consider(&nearest, oriel_option_table[i].name);
    oriel_nearest_hint(&nearest, "", hint, sizeof hint);
    snprintf(why, why_size, "desktop %s has no option \"%.100s\": see `oriel serve --help`%s", name, key, hint);
  }
  return -EINVAL;
}

int oriel_desktop_options_read_one(struct oriel_desktop_options *desktop, char *word, char *why, size_t why_size) {
  char *value = strchr(word, '=');
  const size_t length = strcspn(word, "=");
  if (value != NULL)
    *value++ = '\0';
  const int index = oriel_option_find_desktop(word, length);
  if (index < 0)
    return unknown(desktop->name, word, why, why_size);
  const struct oriel_option *option = &oriel_option_table[index];
  if (value == NULL && option->type != ORIEL_OPTION_FLAG) {
    snprintf(why, why_size, "%s of desktop %s needs a value: %s=%s", word, desktop->name, word, option->value);
    return -EINVAL;
  }
  char shown[128];
  snprintf(shown, sizeof shown, "%s of desktop %s", option->name, desktop->name);
  return oriel_desktop_options_set(desktop, index, shown, value != NULL ? value : "1", why, why_size);
}

static int set_address(struct oriel_desktop_options *desktop, const char *address, char *why, size_t why_size) {
  const char *name = desktop->name;
  if (address[0] == '\0') {
    snprintf(why, why_size, "desktop %s has no address: it is as %s=qemu:/run/%s/qmp.sock or %s=pattern:", name, name,
             name, name);
    return -EINVAL;
  }
  desktop->address = oriel_texts_add(&desktop->texts, address, strlen(address));
  if (desktop->address != NULL)
    return 0;
  snprintf(why, why_size, "desktop %s is not taken: out of memory", name);
  return -ENOMEM;
}

int oriel_desktop_options_read(struct oriel_desktop_options *desktop, const char *text, char *why, size_t why_size) {
  char word[WORD_MAX];
  int more = take_word(&text, word, desktop->name, why, why_size);
  int result = more < 0 ? more : set_address(desktop, word, why, why_size);
  while (result == 0 && more > 0) {
    more = take_word(&text, word, desktop->name, why, why_size);
    result = more < 0 ? more : oriel_desktop_options_read_one(desktop, word, why, why_size);
  }
  explicit_bzero(word, sizeof word); /* a token may have been in it */
  return result;
}
