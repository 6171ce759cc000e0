/* SPDX-License-Identifier: MIT
 *
 * The line of --stats. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_STATS_H
#define ORIEL_CLI_STATS_H

#include <stdbool.h>

#include "desktop/desktop.h"

struct oriel_stats_line;

/** Remembers counters between two lines. NULL when memory is short. */
struct oriel_stats_line *oriel_stats_line_create(void);
void oriel_stats_line_destroy(struct oriel_stats_line *line);
/** Prints one line on standard output: what happened since the last one, and delays. */
void oriel_stats_line_print(struct oriel_stats_line *line, struct oriel_desktop *desktop, bool json);

#endif
