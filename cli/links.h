/* SPDX-License-Identifier: MIT
 *
 * The file that holds the addresses with tokens made at start, where standard output may be a log. Thread-safety: main
 * thread.
 */
#ifndef ORIEL_CLI_LINKS_H
#define ORIEL_CLI_LINKS_H

#include <stddef.h>
#include <stdint.h>

#include "vm/runtime.h"

struct oriel_links {
  char path[ORIEL_RUNTIME_PATH_MAX + 16]; /* "" = none */
  int fd; /* locked while it is in use, so that what a killed run left can be told apart; -1 = none */
};

/** Writes `text` to links-PORT below oriel_runtime_base, or links-PORT-2 and so on where another address has that port,
 *  mode 0600, and removes the files of runs that are no more. 0, or -errno with a sentence in `why` (at least 512 bytes);
 *  then there is none. */
int oriel_links_write(struct oriel_links *links, uint16_t port, const char *text, char *why, size_t why_size);
/** Removes it. */
void oriel_links_remove(struct oriel_links *links);

#endif
