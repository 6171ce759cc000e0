/* SPDX-License-Identifier: MIT
 *
 * Where the demo guest lies. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_GUEST_H
#define ORIEL_CLI_GUEST_H

#include <stddef.h>

struct oriel_guest {
  char kernel[4200], initrd[4200], append[2048];
};

/** Looks in $ORIEL_GUEST_DIR, or in guest/ beside the binary, then ../share/oriel/guest. 0; -ENOENT with a sentence
 *  that says how to make it. */
int oriel_guest_find(struct oriel_guest *guest, char *why, size_t why_size);

#endif
