/* SPDX-License-Identifier: MIT
 *
 * Values of options. Any thread.
 */
#include "cli/option_value.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cli/options.h"
#include "cli/value.h"

static const char *const control_names[] = {
  [ORIEL_CONTROL_ASK] = "ask", [ORIEL_CONTROL_NEWEST] = "newest", [ORIEL_CONTROL_FIXED] = "fixed"};
static const char *const clipboard_names[] = {
  [ORIEL_CLIPBOARD_NONE] = "none", [ORIEL_CLIPBOARD_TO_GUEST] = "to-guest",
  [ORIEL_CLIPBOARD_FROM_GUEST] = "from-guest", [ORIEL_CLIPBOARD_BOTH] = "both"};
static const char *const network_names[] = {[ORIEL_NETWORK_USER] = "user", [ORIEL_NETWORK_NONE] = "none"};
static_assert(sizeof(enum oriel_network) == sizeof(unsigned) && sizeof(enum oriel_control) == sizeof(unsigned) &&
                sizeof(enum oriel_clipboard_way) == sizeof(unsigned),
              "an enumeration is stored and compared as a number");
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** Stores its place in `names`, which is that of the enumeration. */
static int store_name(const char *const names[], size_t count, const char *text, void *field) {
  for (unsigned i = 0; i < count; i++)
    if (names[i] != NULL && strcmp(names[i], text) == 0) {
      memcpy(field, &i, sizeof i);
      return 0;
    }
  return -EINVAL;
}

static int store_string(const char **field, struct oriel_texts *texts, const char *text) {
  if (text[0] == '\0')
    return -EINVAL;
  const char *copy = oriel_texts_add(texts, text, strlen(text));
  if (copy == NULL)
    return -ENOMEM;
  *field = copy;
  return 0;
}

/** Without the blanks at its end. */
static size_t trimmed(const char *word, size_t length) {
  while (length > 0 && (word[length - 1] == ' ' || word[length - 1] == '\t'))
    length--;
  return length;
}

/** Adds the comma-separated words of `text`, without the blanks around them. */
static int add_words(const struct oriel_option *option, struct oriel_words *list, struct oriel_texts *texts,
                     const char *text) {
  while (*text != '\0') {
    text += strspn(text, " \t");
    const size_t length = strcspn(text, ","), kept = trimmed(text, length);
    if (kept > 0) {
      if (list->count == ORIEL_WORDS_MAX)
        return -E2BIG;
      const char *word = oriel_texts_add(texts, text, kept);
      if (word == NULL)
        return -ENOMEM;
      if (!option->accepts(word))
        return -EINVAL;
      list->words[list->count++] = word;
    }
    text += length + (text[length] == ',' ? 1 : 0);
  }
  return 0;
}

static int store(const struct oriel_option *option, void *field, struct oriel_texts *texts, const char *text) {
  switch (option->type) {
  case ORIEL_OPTION_STRING: return store_string(field, texts, text);
  case ORIEL_OPTION_FLAG: return oriel_value_flag(text, field);
  case ORIEL_OPTION_NUMBER:
    return option->accepts != NULL && !option->accepts(text)
               ? -EINVAL
               : oriel_value_unsigned(text, option->min, option->max, field);
  case ORIEL_OPTION_LIST: return add_words(option, field, texts, text);
  case ORIEL_OPTION_MEMORY: return oriel_value_memory(text, field);
  case ORIEL_OPTION_DISPLAY: {
    struct oriel_display_size *size = field;
    return oriel_value_size(text, &size->width, &size->height);
  }
  case ORIEL_OPTION_ACCEL: return oriel_accel_parse(text, field);
  case ORIEL_OPTION_LEVEL: return oriel_log_level_parse(text, field);
  case ORIEL_OPTION_NETWORK: return store_name(network_names, COUNT(network_names), text, field);
  case ORIEL_OPTION_CONTROL: return store_name(control_names, COUNT(control_names), text, field);
  case ORIEL_OPTION_CLIPBOARD: return store_name(clipboard_names, COUNT(clipboard_names), text, field);
  }
  return -EINVAL;
}

static void explain(const struct oriel_option *option, int result, const char *shown, const char *text, char *why,
                    size_t size) {
  if (result == -ENOMEM)
    snprintf(why, size, "%s is not taken: out of memory", shown);
  else if (result == -E2BIG)
    snprintf(why, size, "%s is given more than %d times: leave some out", shown, ORIEL_WORDS_MAX);
  else if (option->allowed != NULL)
    snprintf(why, size, "%s is \"%.100s\": it must be %s", shown, text, option->allowed);
  else if (option->type == ORIEL_OPTION_NUMBER)
    snprintf(why, size, "%s is \"%.100s\": it must be a whole number from %u to %u", shown, text, option->min,
             option->max);
  else if (option->type == ORIEL_OPTION_FLAG)
    snprintf(why, size, "%s is \"%.100s\": it must be 1 or 0", shown, text);
  else
    snprintf(why, size, "%s is empty: give it a value or leave it out", shown);
}

int oriel_option_store(const struct oriel_option *option, void *base, struct oriel_texts *texts, const char *shown,
                       const char *text, char *why, size_t why_size) {
  const int result = store(option, (char *)base + option->offset, texts, text);
  if (result == 0)
    return 0;
  explain(option, result, shown, text, why, why_size);
  return result == -ENOMEM ? result : -EINVAL;
}

int oriel_option_copy(const struct oriel_option *option, const void *from, void *to, struct oriel_texts *texts) {
  const void *source = (const char *)from + option->offset;
  void *field = (char *)to + option->offset;
  switch (option->type) {
  case ORIEL_OPTION_STRING: {
    const char *text = *(const char *const *)source;
    *(const char **)field = NULL;
    return text != NULL ? store_string(field, texts, text) : 0;
  }
  case ORIEL_OPTION_LIST: {
    const struct oriel_words *list = source;
    struct oriel_words *copy = field;
    *copy = (struct oriel_words){0};
    for (; copy->count < list->count; copy->count++) {
      copy->words[copy->count] = oriel_texts_add(texts, list->words[copy->count], strlen(list->words[copy->count]));
      if (copy->words[copy->count] == NULL)
        return -ENOMEM;
    }
    return 0;
  }
  case ORIEL_OPTION_FLAG: *(bool *)field = *(const bool *)source; return 0;
  case ORIEL_OPTION_NUMBER: *(unsigned *)field = *(const unsigned *)source; return 0;
  case ORIEL_OPTION_CONTROL: *(enum oriel_control *)field = *(const enum oriel_control *)source; return 0;
  case ORIEL_OPTION_CLIPBOARD:
    *(enum oriel_clipboard_way *)field = *(const enum oriel_clipboard_way *)source;
    return 0;
  default: return -EINVAL; /* of the process */
  }
}

static bool is_same(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_list(const struct oriel_words *a, const struct oriel_words *b) {
  bool same = a->count == b->count;
  for (size_t i = 0; same && i < a->count; i++)
    same = is_same(a->words[i], b->words[i]);
  return same;
}

bool oriel_option_equal(const struct oriel_option *option, const void *a, const void *b) {
  const void *left = (const char *)a + option->offset, *right = (const char *)b + option->offset;
  switch (option->type) {
  case ORIEL_OPTION_STRING: return is_same(*(const char *const *)left, *(const char *const *)right);
  case ORIEL_OPTION_LIST: return is_same_list(left, right);
  case ORIEL_OPTION_FLAG: return *(const bool *)left == *(const bool *)right;
  case ORIEL_OPTION_MEMORY: return *(const uint64_t *)left == *(const uint64_t *)right;
  case ORIEL_OPTION_DISPLAY: return memcmp(left, right, sizeof(struct oriel_display_size)) == 0;
  default: return *(const unsigned *)left == *(const unsigned *)right; /* numbers and enumerations */
  }
}

void oriel_option_print(const struct oriel_option *option, const void *base, FILE *file) {
  const void *field = (const char *)base + option->offset;
  const char *text = NULL;
  switch (option->type) {
  case ORIEL_OPTION_STRING: text = *(const char *const *)field; break;
  case ORIEL_OPTION_FLAG: text = *(const bool *)field ? "1" : "0"; break;
  case ORIEL_OPTION_NUMBER:
    if (*(const unsigned *)field > 0)
      fprintf(file, "%s = %u\n", option->name, *(const unsigned *)field);
    return;
  case ORIEL_OPTION_LIST:
    for (const char *const *word = ((const struct oriel_words *)field)->words; *word != NULL; word++)
      fprintf(file, "%s = %s\n", option->name, *word);
    return;
  case ORIEL_OPTION_LEVEL: text = oriel_log_level_name(*(const enum oriel_log_level *)field); break;
  case ORIEL_OPTION_CONTROL: text = control_names[*(const enum oriel_control *)field]; break;
  case ORIEL_OPTION_CLIPBOARD: text = clipboard_names[*(const enum oriel_clipboard_way *)field]; break;
  default: return; /* what only `oriel run` takes stands in no file */
  }
  if (text != NULL)
    fprintf(file, "%s = %s\n", option->name, option->secret ? "(hidden)" : text);
}
