/* SPDX-License-Identifier: MIT
 *
 * See series.h.
 */
#include "bench/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool json, begun;

void series_options(int argc, char **argv) {
  json = argc == 2 && strcmp(argv[1], "--json") == 0;
  if (argc > 2 || (argc == 2 && !json)) {
    fprintf(stderr, "usage: %s [--json]\n", argv[0]);
    exit(2);
  }
}

void series_add(struct series *series, double value) {
  if (series->count < SERIES_SAMPLES_MAX)
    series->samples[series->count++] = value;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double at(const struct series *series, int percent) {
  return series->samples[series->count * percent / 100];
}

static bool met(const struct series *series) {
  switch (series->judge) {
  case SERIES_MEDIAN_LEAST:
    return at(series, 50) >= series->limit;
  case SERIES_P99_MOST:
    return at(series, 99) <= series->limit;
  case SERIES_MEDIAN_MOST:
    break;
  }
  return at(series, 50) <= series->limit;
}

void series_report(struct series *series) {
  if (!series->count)
    return;
  qsort(series->samples, (size_t)series->count, sizeof series->samples[0], compare);
  const double p50 = at(series, 50), p95 = at(series, 95), p99 = at(series, 99), least = series->samples[0];
  if (json) {
    printf("%s\n  {\"name\": \"%s\", \"unit\": \"%s\", \"p50\": %.4f, \"p95\": %.4f, \"p99\": %.4f, \"least\": %.4f",
           begun ? "," : "[", series->name, series->unit, p50, p95, p99, least);
    if (series->target)
      printf(", \"target\": \"%s\", \"judged\": \"%s\", \"met\": %s", series->target,
             series->judge == SERIES_P99_MOST ? "p99" : "p50", met(series) ? "true" : "false");
    printf("}");
  } else {
    if (!begun)
      printf("  %-58s %9s %9s %9s %9s\n", "", "p50", "p95", "p99", "least");
    const char mark = !series->target ? ' ' : met(series) ? '+' : '!';
    printf("%c %-58s %9.3f %9.3f %9.3f %9.3f %s", mark, series->name, p50, p95, p99, least, series->unit);
    if (series->target)
      printf("  target %s%s", series->judge == SERIES_P99_MOST ? "p99 " : "", series->target);
    printf("\n");
  }
  fflush(stdout);
  begun = true;
  series->count = 0;
}

void series_end(void) {
  if (json)
    printf("%s\n]\n", begun ? "" : "[");
}
