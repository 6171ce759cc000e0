/* SPDX-License-Identifier: MIT
 *
 * What the benchmarks in C print: samples of one quantity as a line of a table, or with --json as an object of an
 * array: {name, unit, p50, p95, p99, least} and, where there is a target, {target, judged, met}. Thread-safety: none.
 */
#ifndef ORIEL_BENCH_SERIES_H
#define ORIEL_BENCH_SERIES_H

#include <stdbool.h>

enum { SERIES_SAMPLES_MAX = 10000 };

/** What a target speaks of. */
enum series_judge {
  SERIES_MEDIAN_MOST, /* p50 <= limit */
  SERIES_MEDIAN_LEAST, /* p50 >= limit */
  SERIES_P99_MOST, /* p99 <= limit */
};

struct series {
  const char *name, *unit;
  const char *target; /* as a reader sees it; NULL = none, and the next two mean nothing */
  double limit;
  enum series_judge judge;
  int count;
  double samples[SERIES_SAMPLES_MAX];
};

/** Reads the command line; ends the program with status 2 and its usage unless that is [--json]. */
void series_options(int argc, char **argv);
/** Those beyond SERIES_SAMPLES_MAX are left out. */
void series_add(struct series *series, double value);
/** Prints the line and empties the series. One without samples is passed over. */
void series_report(struct series *series);
/** After the last line. */
void series_end(void);

#endif
