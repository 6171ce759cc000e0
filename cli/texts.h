/* SPDX-License-Identifier: MIT
 *
 * Copies of texts that live and go together, secrets among them. Thread-safety: none.
 */
#ifndef ORIEL_CLI_TEXTS_H
#define ORIEL_CLI_TEXTS_H

#include <stddef.h>

struct oriel_text;

/** Zeroed = empty. */
struct oriel_texts {
  struct oriel_text *newest;
};

/** A NUL-terminated copy of `length` bytes, valid until finish. NULL when memory is short. */
const char *oriel_texts_add(struct oriel_texts *texts, const char *text, size_t length);
/** Wipes and frees them all. */
void oriel_texts_finish(struct oriel_texts *texts);

#endif
