/* SPDX-License-Identifier: MIT
 *
 * Copies of texts, in a chain. Any thread.
 */
#include "cli/texts.h"

#include <stdlib.h>
#include <string.h>

struct oriel_text {
  struct oriel_text *older;
  size_t length;
  char bytes[];
};

const char *oriel_texts_add(struct oriel_texts *texts, const char *text, size_t length) {
  struct oriel_text *copy = malloc(sizeof *copy + length + 1);
  if (copy == NULL)
    return NULL;
  copy->older = texts->newest;
  copy->length = length;
  memcpy(copy->bytes, text, length);
  copy->bytes[length] = '\0';
  texts->newest = copy;
  return copy->bytes;
}

void oriel_texts_finish(struct oriel_texts *texts) {
  struct oriel_text *next = texts->newest;
  while (next != NULL) {
    struct oriel_text *text = next;
    next = text->older;
    explicit_bzero(text->bytes, text->length);
    free(text);
  }
  texts->newest = NULL;
}
