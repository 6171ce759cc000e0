/* SPDX-License-Identifier: MIT
 *
 * Rows of counters as samples and as JSON. Stateless.
 */
#include "server/metric_table.h"

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/histogram.h"
#include "server/metric_sheet.h"

enum { LABELS_MAX = 192 };

static const void *place_of(const struct oriel_metric *row, const void *base) {
  return (const char *)base + row->offset;
}

static uint64_t integer_of(const struct oriel_metric *row, const void *base) {
  const void *place = place_of(row, base);
  switch (row->value) {
  case ORIEL_VALUE_BOOL:
    return *(const bool *)place;
  case ORIEL_VALUE_U16:
    return *(const uint16_t *)place;
  case ORIEL_VALUE_U32:
    return *(const uint32_t *)place;
  default:
    return *(const uint64_t *)place;
  }
}

/* ---- samples ---- */

static const char *type_of(const struct oriel_metric *row) {
  static const char *const names[] = {
    [ORIEL_METRIC_COUNTER] = "counter", [ORIEL_METRIC_GAUGE] = "gauge",         [ORIEL_METRIC_GREATEST] = "gauge",
    [ORIEL_METRIC_SUMMARY] = "summary", [ORIEL_METRIC_HISTOGRAM] = "histogram",
  };
  return names[row->type];
}

static void write_real(struct oriel_sheet *sheet, const struct oriel_metric *row, const char *labels, double value) {
  static const struct {
    double factor;
    int digits;
  } units[] = {
    [ORIEL_UNIT_ONE] = {1, 3},           [ORIEL_UNIT_MICROSECONDS] = {1e-6, 6}, [ORIEL_UNIT_KILOBITS] = {125, 0},
    [ORIEL_UNIT_KILOBITS_BITS] = {1000, 0}, [ORIEL_UNIT_MILLIONTHS] = {1e-6, 9},
    [ORIEL_UNIT_MILLIONTHS_PPM] = {1, 3},
  };
  oriel_sheet_real(sheet, "", labels, units[row->unit].digits, value * units[row->unit].factor);
}

static double seconds(uint64_t us) {
  return (double)us / 1e6;
}

/** Sum and count, which a summary and a histogram end in. */
static void write_totals(struct oriel_sheet *sheet, const char *labels, const struct oriel_percentiles *delays) {
  oriel_sheet_real(sheet, "_sum", labels, 6, seconds(delays->sum_us));
  oriel_sheet_number(sheet, "_count", labels, delays->count);
}

static void write_summary(struct oriel_sheet *sheet, const char *labels, const struct oriel_percentiles *delays) {
  const struct {
    const char *quantile;
    uint32_t us;
  } quantiles[] = {{"0.5", delays->p50_us}, {"0.95", delays->p95_us}, {"0.99", delays->p99_us}, {"1", delays->max_us}};
  char text[LABELS_MAX + 32];
  for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
    snprintf(text, sizeof text, "%s%squantile=\"%s\"", labels, labels[0] ? "," : "", quantiles[i].quantile);
    oriel_sheet_real(sheet, "", text, 6, seconds(quantiles[i].us));
  }
  write_totals(sheet, labels, delays);
}

static void write_histogram(struct oriel_sheet *sheet, const char *labels, const struct oriel_percentiles *delays) {
  const char *comma = labels[0] ? "," : "";
  char text[LABELS_MAX + 32];
  uint64_t below = 0;
  for (unsigned i = 0; i < ORIEL_HISTOGRAM_BOUNDS; i++) {
    below += delays->buckets[i];
    snprintf(text, sizeof text, "%s%sle=\"%g\"", labels, comma, seconds(oriel_histogram_bounds_us[i]));
    oriel_sheet_number(sheet, "_bucket", text, below);
  }
  snprintf(text, sizeof text, "%s%sle=\"+Inf\"", labels, comma);
  oriel_sheet_number(sheet, "_bucket", text, below + delays->buckets[ORIEL_HISTOGRAM_BOUNDS]);
  write_totals(sheet, labels, delays);
}

/** With the row's own label behind the others'. */
static const char *join_labels(const struct oriel_metric *row, const char *labels, char text[LABELS_MAX]) {
  if (!row->key)
    return labels;
  snprintf(text, LABELS_MAX, "%s%s%s=\"%s\"", labels, labels[0] ? "," : "", row->key, row->is);
  return text;
}

static void write_integer(struct oriel_sheet *sheet, const struct oriel_metric *row, const char *labels,
                          uint64_t value) {
  if (row->unit == ORIEL_UNIT_ONE)
    oriel_sheet_number(sheet, "", labels, value);
  else
    write_real(sheet, row, labels, (double)value);
}

static void write_row(struct oriel_sheet *sheet, const struct oriel_metric *row, const void *base,
                      const char *labels) {
  const bool real = row->value == ORIEL_VALUE_REAL, delays = row->value == ORIEL_VALUE_DELAYS;
  char text[LABELS_MAX];
  if (!real && !delays && integer_of(row, base) == UINT64_MAX)
    return;
  labels = join_labels(row, labels, text);
  oriel_sheet_family(sheet, row->name, type_of(row), row->help);
  if (real)
    write_real(sheet, row, labels, *(const double *)place_of(row, base));
  else if (!delays)
    write_integer(sheet, row, labels, integer_of(row, base));
  else if (row->type == ORIEL_METRIC_SUMMARY)
    write_summary(sheet, labels, place_of(row, base));
  else
    write_histogram(sheet, labels, place_of(row, base));
}

void oriel_metric_write(struct oriel_sheet *sheet, const struct oriel_metric_table *table,
                        enum oriel_metric_scope scope, const void *base, const char *labels) {
  for (const struct oriel_metric *row = table->rows; row < table->rows + table->count; row++) {
    if (row->scope == scope && row->name)
      write_row(sheet, row, base, labels);
  }
}

static void write_sum(struct oriel_sheet *sheet, const struct oriel_metric *row, const void *base, size_t size,
                      size_t count) {
  char text[LABELS_MAX];
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    const uint64_t one = integer_of(row, (const char *)base + i * size);
    if (row->type == ORIEL_METRIC_GREATEST)
      sum = one > sum ? one : sum;
    else
      sum += one;
  }
  oriel_sheet_family(sheet, row->name, type_of(row), row->help);
  write_integer(sheet, row, join_labels(row, "", text), sum);
}

void oriel_metric_write_sum(struct oriel_sheet *sheet, const struct oriel_metric_table *table,
                            enum oriel_metric_scope scope, const void *base, size_t size, size_t count) {
  for (const struct oriel_metric *row = table->rows; row < table->rows + table->count; row++) {
    if (row->scope != scope || !row->name)
      continue;
    assert(row->value < ORIEL_VALUE_REAL);
    write_sum(sheet, row, base, size, count);
  }
}

/* ---- JSON ---- */

static json_t *integer_json(uint64_t value) {
  return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *delays_json(const struct oriel_metric *row, const struct oriel_percentiles *delays) {
  json_t *object = json_object();
  (void)json_object_set_new(object, "name", json_string(row->is));
  (void)json_object_set_new(object, "count", integer_json(delays->count));
  (void)json_object_set_new(object, "p50_us", integer_json(delays->p50_us));
  (void)json_object_set_new(object, "p95_us", integer_json(delays->p95_us));
  (void)json_object_set_new(object, "p99_us", integer_json(delays->p99_us));
  (void)json_object_set_new(object, "max_us", integer_json(delays->max_us));
  return object;
}

/** The member of that name, `size` bytes, made by `make` where it is not there; NULL when memory is short. Borrowed. */
static json_t *member_of(json_t *object, const char *name, size_t size, json_t *(*make)(void)) {
  json_t *member = json_object_getn(object, name, size);
  if (member)
    return member;
  member = make();
  return json_object_setn_new(object, name, size, member) == 0 ? member : NULL;
}

static void add_member(json_t *object, const struct oriel_metric *row, const void *base) {
  const char *name = row->member, *dot;
  for (; (dot = strchr(name, '.')) != NULL; name = dot + 1)
    object = member_of(object, name, (size_t)(dot - name), json_object);
  switch (row->value) {
  case ORIEL_VALUE_BOOL:
    (void)json_object_set_new(object, name, json_boolean(integer_of(row, base)));
    return;
  case ORIEL_VALUE_REAL:
    (void)json_object_set_new(object, name, json_real(*(const double *)place_of(row, base)));
    return;
  case ORIEL_VALUE_DELAYS:
    object = member_of(object, name, strlen(name), json_array);
    (void)json_array_append_new(object, delays_json(row, place_of(row, base)));
    return;
  default:
    (void)json_object_set_new(object, name, integer_json(integer_of(row, base)));
    return;
  }
}

void oriel_metric_members(json_t *object, const struct oriel_metric_table *table, enum oriel_metric_scope scope,
                          const void *base) {
  for (const struct oriel_metric *row = table->rows; row < table->rows + table->count; row++) {
    if (row->scope == scope && row->member)
      add_member(object, row, base);
  }
}
