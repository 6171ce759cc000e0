/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the word that somebody who mistyped meant. Pure. Thread-safety: reentrant.
 */
#ifndef ORIEL_CLI_NEAREST_H
#define ORIEL_CLI_NEAREST_H

#include <stddef.h>

struct oriel_nearest {
  const char *typed;
  size_t size;         /* of typed */
  const char *word;    /* the nearest so far; NULL = none is near */
  unsigned distance;   /* of it */
};

/** Begins a search for what `size` bytes of `typed` mean, which are borrowed. */
void oriel_nearest_init(struct oriel_nearest *nearest, const char *typed, size_t size);
/** Considers a word, borrowed: it is near when a third of its letters at most are wrong, missing, too many or swapped,
 *  or when what was typed is its beginning. The first of equally near ones stays. */
void oriel_nearest_consider(struct oriel_nearest *nearest, const char *word);
/** Writes "; did you mean PREFIXword?", or nothing when no word is near. */
void oriel_nearest_hint(const struct oriel_nearest *nearest, const char *prefix, char *hint, size_t size);

#endif
