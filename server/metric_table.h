/* SPDX-License-Identifier: MIT
 *
 * What is counted, as rows: where a number lies in a struct of counters, and what it is called in /metrics and in
 * /api/v1/stats. Both are written from the same rows; metric_rows.c has ours.
 *
 * Thread-safety: tables are constant; whoever owns the counters and what is written to.
 */
#ifndef ORIEL_SERVER_METRIC_TABLE_H
#define ORIEL_SERVER_METRIC_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct json_t;
struct oriel_sheet;

/** Whose number it is: the struct that it lies in. */
enum oriel_metric_scope {
  ORIEL_METRIC_SCOPE_PROCESS,  /* struct oriel_process */
  ORIEL_METRIC_SCOPE_SERVER,   /* struct oriel_server_stats */
  ORIEL_METRIC_SCOPE_DESKTOP,  /* struct oriel_desktop_stats; with the label "desktop" where there are several */
  ORIEL_METRIC_SCOPE_VIEWER,   /* struct oriel_viewer_stats; a sample is of all that are attached now */
  ORIEL_METRIC_SCOPE_INPUT,    /* struct oriel_sound_input_stats; with the labels "input" and "kind" */
  ORIEL_METRIC_SCOPE_STREAM,   /* the same struct: what an input from inside the guest alone has */
  ORIEL_METRIC_SCOPE_RECEIVER, /* struct oriel_receiver_stats; samples are this host's speaker's */
  ORIEL_METRIC_SCOPE_WHEP,      /* struct oriel_whep_stats; a desktop's */
  ORIEL_METRIC_SCOPE_WHEP_PORT, /* struct oriel_whep_port_stats; the server's */
};

enum oriel_metric_type {
  ORIEL_METRIC_COUNTER,
  ORIEL_METRIC_GAUGE,     /* of several (see oriel_metric_write_sum) the sum */
  ORIEL_METRIC_GREATEST,  /* a gauge, too; of several the greatest */
  ORIEL_METRIC_SUMMARY,   /* of struct oriel_percentiles: quantiles of the last 512 */
  ORIEL_METRIC_HISTOGRAM, /* of struct oriel_percentiles: buckets since the start, which can be added up */
};

/** How the number lies there. */
enum oriel_metric_value {
  ORIEL_VALUE_BOOL,
  ORIEL_VALUE_U16,
  ORIEL_VALUE_U32,
  ORIEL_VALUE_U64, /* UINT64_MAX: it can't be told; nothing is written */
  ORIEL_VALUE_REAL,
  ORIEL_VALUE_DELAYS, /* struct oriel_percentiles */
};

/** What it counts there, and so by what a sample is multiplied to be in base units. JSON has it as it lies there. */
enum oriel_metric_unit {
  ORIEL_UNIT_ONE,
  ORIEL_UNIT_MICROSECONDS,   /* to seconds */
  ORIEL_UNIT_KILOBITS,       /* to bytes */
  ORIEL_UNIT_KILOBITS_BITS,  /* to bits: an older name */
  ORIEL_UNIT_MILLIONTHS,     /* to a ratio */
  ORIEL_UNIT_MILLIONTHS_PPM, /* as they are: an older name */
};

struct oriel_metric {
  const char *name;   /* of the family, in full; NULL = it has no sample. All rows of a family stand together */
  const char *help;   /* one line, without a backslash; all rows of a family may have the first one's, or NULL */
  const char *key, *is; /* a label of its own; NULL = none */
  const char *member; /* of the JSON object: "name", or "object.name"; NULL = it is not there. Of delays: of an array */
  enum oriel_metric_scope scope;
  enum oriel_metric_type type;
  enum oriel_metric_value value;
  enum oriel_metric_unit unit;
  size_t offset; /* in the scope's struct */
};

struct oriel_metric_table {
  const struct oriel_metric *rows;
  size_t count;
};

/** Writes the samples of one struct of this scope. `labels` as in metric_sheet.h, "" = none. */
void oriel_metric_write(struct oriel_sheet *sheet, const struct oriel_metric_table *table,
                        enum oriel_metric_scope scope, const void *base, const char *labels);
/** The same of `count` structs of `size` bytes each, taken together: sums, and the greatest of a GREATEST. Of whole
 *  numbers, no delays. */
void oriel_metric_write_sum(struct oriel_sheet *sheet, const struct oriel_metric_table *table,
                            enum oriel_metric_scope scope, const void *base, size_t size, size_t count);
/** Adds the members of one struct of this scope to a JSON object. Where memory is short some are missing. */
void oriel_metric_members(struct json_t *object, const struct oriel_metric_table *table, enum oriel_metric_scope scope,
                          const void *base);

#endif
