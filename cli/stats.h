/* SPDX-License-Identifier: MIT
 *
 * The line of --stats. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_STATS_H
#define ORIEL_CLI_STATS_H

#include <stdbool.h>

#include "desktop/desktop.h"

/** Counters as they were at the last line. */
struct oriel_stats_line {
  uint64_t at_ns, bytes, video, tiles, input;
};

/** The first line is about what happens from now on. */
void oriel_stats_line_init(struct oriel_stats_line *line);
/** Prints one line on standard output: what happened since the last one, and delays. `now` is room for what is counted,
 *  of no use afterwards; `name` "" = it is the only desktop. */
void oriel_stats_line_print(struct oriel_stats_line *line, struct oriel_desktop *desktop,
                            struct oriel_desktop_stats *now, const char *name, bool json);

#endif
