/* SPDX-License-Identifier: MIT
 *
 * The nearest word by the optimal string alignment distance. Any thread.
 */
#include "cli/nearest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { LENGTH_MAX = 32, TYPED_MIN = 2 };

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/** Letters to change, add, leave out or swap with their neighbour; UINT_MAX for words that are too long. */
static unsigned distance(const char *a, size_t a_size, const char *b) {
  const size_t b_size = strlen(b);
  unsigned rows[3][LENGTH_MAX + 1];
  if (a_size > LENGTH_MAX || b_size > LENGTH_MAX)
    return UINT_MAX;
  for (size_t k = 0; k <= b_size; k++)
    rows[0][k] = (unsigned)k;
  for (size_t i = 1; i <= a_size; i++) {
    unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = (unsigned)i;
    for (size_t k = 1; k <= b_size; k++) {
      row[k] = least(least(above[k], row[k - 1]) + 1, above[k - 1] + (a[i - 1] != b[k - 1]));
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        row[k] = least(row[k], two_above[k - 2] + 1);
    }
  }
  return rows[a_size % 3][b_size];
}

void oriel_nearest_init(struct oriel_nearest *nearest, const char *typed, size_t size) {
  *nearest = (struct oriel_nearest){.typed = typed, .size = size, .distance = UINT_MAX};
}

void oriel_nearest_consider(struct oriel_nearest *nearest, const char *word) {
  if (nearest->size < TYPED_MIN)
    return;
  const unsigned limit = (unsigned)(strlen(word) + 2) / 3;
  unsigned far = distance(nearest->typed, nearest->size, word);
  if (strncmp(nearest->typed, word, nearest->size) == 0)
    far = least(far, 1);
  if (far <= limit && far < nearest->distance) {
    nearest->word = word;
    nearest->distance = far;
  }
}

void oriel_nearest_hint(const struct oriel_nearest *nearest, const char *prefix, char *hint, size_t size) {
  if (nearest->word != NULL)
    snprintf(hint, size, "; did you mean %s%s?", prefix, nearest->word);
  else
    hint[0] = '\0';
}
