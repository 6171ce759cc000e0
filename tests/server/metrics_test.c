/* SPDX-License-Identifier: MIT
 *
 * /metrics and /api/v1/stats: all rows of the table are in both, a row is all that a new counter takes, and the page is
 * what Prometheus' text format allows, by a strict reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/histogram.h"
#include "exposition.h"
#include "rig.h"
#include "server/metric_rows.h"
#include "server/metric_sheet.h"
#include "server/process.h"
#include "wire/viewer.h"

static struct answer answer;

static void assert_page(const char *text, size_t size) {
  char why[EXPOSITION_WHY];
  if (!exposition_check(text, size, why))
    fail_msg("%s", why);
}

/* ---- the reader itself ---- */

#define HEAD "# HELP a_total Help.\n# TYPE a_total counter\n"
#define HISTOGRAM "# HELP h Help.\n# TYPE h histogram\n"

static void reader_takes_what_is_right(void **state) {
  (void)state;
  static const char page[] = HEAD "a_total{b=\"c\\\"\\\\\\n\",d=\"\"} 1\na_total 2.5e3\n"
    HISTOGRAM "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1.5\nh_count 2\n"
    "# HELP s Help.\n# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 0\ns_count 0\n"
    "# HELP g Help.\n# TYPE g gauge\ng -1\n";
  assert_page(page, sizeof page - 1);
  assert_true(exposition_value(page, "a_total") == 2500);
  assert_true(exposition_value(page, "a_tota") == -1);
}

static void reader_refuses_what_is_wrong(void **state) {
  (void)state;
  static const struct {
    const char *page, *why;
  } pages[] = {
    {"", "empty"},
    {HEAD "a_total 1", "does not end in a newline"},
    {HEAD "\na_total 1\n", "name is missing"},
    {HEAD, "no samples"},
    {"a_total 1\n", "outside of its family"},
    {"# TYPE a_total counter\na_total 1\n", "not behind its HELP"},
    {"# HELP a_total Help.\na_total 1\n", "outside of its family"},
    {"# HELP a_total \n# TYPE a_total counter\na_total 1\n", "help of a_total is empty"},
    {HEAD "# TYPE a_total counter\na_total 1\n", "comes twice"},
    {HEAD "a_total 1\n" HEAD "a_total{b=\"c\"} 1\n", "comes twice"},
    {HEAD "a_total 1\n# HELP g Help.\n# TYPE g gauge\ng 1\n" HEAD "a_total{b=\"c\"} 1\n", "not in one piece"},
    {HEAD "a_total 1\na_total 1\n", "series of a_total comes twice"},
    {HEAD "a_total{b=\"1\",c=\"2\"} 1\na_total{c=\"2\",b=\"1\"} 1\n", "series of a_total comes twice"},
    {HEAD "a_total{b=\"1\",b=\"2\"} 1\n", "comes twice"},
    {HEAD "a_total{b=\"1} 1\n", "does not end"},
    {HEAD "a_total{b=\"\\t\"} 1\n", "escape"},
    {HEAD "a_total{b=\"1\"\n", "do not end"},
    {HEAD "a_total{1=\"1\"} 1\n", "name is missing"},
    {HEAD "a_total 1 1700000000000\n", "no value, or more than one"},
    {HEAD "a_total x\n", "no value"},
    {HEAD "a_total -1\n", "less than nothing"},
    {HEAD "b_total 1\n", "outside of its family"},
    {"# HELP a Help.\n# TYPE a counter\na 1\n", "_total is for counters"},
    {"# HELP a_total Help.\n# TYPE a_total gauge\na_total 1\n", "_total is for counters"},
    {HISTOGRAM "h_bucket{le=\"0.1\"} 1\nh_sum 1\nh_count 1\n", "do not end in +Inf"},
    {HISTOGRAM "h_bucket{le=\"0.1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", "not cumulative"},
    {HISTOGRAM "h_bucket{le=\"1\"} 1\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
     "not cumulative"},
    {HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n", "is not its count"},
    {HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_count 1\n", "no _sum"},
    {HISTOGRAM "h_bucket 1\nh_sum 1\nh_count 1\n", "no le"},
    {"# HELP s Help.\n# TYPE s summary\ns 1\ns_sum 0\ns_count 0\n", "quantile"},
    {"# HELP s Help.\n# TYPE s summary\ns{quantile=\"2\"} 1\ns_sum 0\ns_count 0\n", "is not 0 to 1"},
  };
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    char why[EXPOSITION_WHY] = "nothing";
    assert_false(exposition_check(pages[i].page, strlen(pages[i].page), why));
    if (!strstr(why, pages[i].why))
      fail_msg("page %zu: %s", i, why);
  }
}

/* ---- the table ---- */

static bool ends_in(const char *text, const char *end) {
  const size_t size = strlen(text), end_size = strlen(end);
  return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/** Base units by the name, but for two older names. */
static void check_unit(const struct oriel_metric *row) {
  static const char *const ends[] = {
    [ORIEL_UNIT_MICROSECONDS] = "_seconds", [ORIEL_UNIT_KILOBITS] = "_bytes_per_second",
    [ORIEL_UNIT_KILOBITS_BITS] = "_bits_per_second", [ORIEL_UNIT_MILLIONTHS] = "_ratio",
    [ORIEL_UNIT_MILLIONTHS_PPM] = "_ppm",
  };
  char name[128];
  snprintf(name, sizeof name, "%s", row->name);
  if (row->type == ORIEL_METRIC_COUNTER) {
    assert_true(ends_in(name, "_total"));
    name[strlen(name) - 6] = '\0';
  }
  if (row->unit != ORIEL_UNIT_ONE)
    assert_true(ends_in(name, ends[row->unit]));
  if (row->value == ORIEL_VALUE_DELAYS)
    assert_true(ends_in(name, "_seconds"));
}

static void rows_are_sound(void **state) {
  (void)state;
  const struct oriel_metric_table *table = &oriel_metric_rows;
  unsigned families = 0;
  for (size_t i = 0; i < table->count; i++) {
    const struct oriel_metric *row = &table->rows[i], *before = i ? row - 1 : NULL;
    assert_true(row->name || row->member);
    assert_int_equal(row->key != NULL, row->is != NULL);
    if (!row->name)
      continue;
    check_unit(row);
    if (before && before->name && strcmp(before->name, row->name) == 0) {
      assert_true(before->type == row->type && before->scope == row->scope && row->key);
      continue;
    }
    families++;
    assert_true(row->help && row->help[0] && !strpbrk(row->help, "\\\n") && ends_in(row->help, "."));
    for (size_t other = 0; other < i; other++)
      assert_true(!table->rows[other].name || strcmp(table->rows[other].name, row->name) != 0);
  }
  assert_true(families + 3 <= ORIEL_SHEET_FAMILIES_MAX); /* build_info, desktop_state, sound_active */
}

/** Counters that no server has. */
struct pond {
  uint64_t ducks, drakes, unknown;
  uint32_t depth_us;
  bool frozen;
  struct oriel_percentiles dives;
};

/* A row is all that a new counter takes: its head, its sample and its member of JSON are there. */
static void row_is_all_that_a_counter_takes(void **state) {
  (void)state;
  static const struct oriel_metric rows[] = {
    {.name = "pond_birds_total", .help = "Birds.", .key = "kind", .is = "duck", .scope = ORIEL_METRIC_SCOPE_SERVER,
     .type = ORIEL_METRIC_COUNTER, .value = ORIEL_VALUE_U64, .offset = offsetof(struct pond, ducks), .member = "ducks"},
    {.name = "pond_birds_total", .key = "kind", .is = "drake", .scope = ORIEL_METRIC_SCOPE_SERVER,
     .type = ORIEL_METRIC_COUNTER, .value = ORIEL_VALUE_U64, .offset = offsetof(struct pond, drakes),
     .member = "males.drakes"},
    {.name = "pond_unknown", .help = "Can't be told.", .scope = ORIEL_METRIC_SCOPE_SERVER, .type = ORIEL_METRIC_GAUGE,
     .value = ORIEL_VALUE_U64, .offset = offsetof(struct pond, unknown)},
    {.name = "pond_depth_seconds", .help = "Depth.", .scope = ORIEL_METRIC_SCOPE_SERVER, .type = ORIEL_METRIC_GREATEST,
     .value = ORIEL_VALUE_U32, .unit = ORIEL_UNIT_MICROSECONDS, .offset = offsetof(struct pond, depth_us),
     .member = "depth_us"},
    {.scope = ORIEL_METRIC_SCOPE_SERVER, .value = ORIEL_VALUE_BOOL, .offset = offsetof(struct pond, frozen),
     .member = "frozen"},
    {.name = "pond_dive_seconds", .help = "Dives.", .scope = ORIEL_METRIC_SCOPE_SERVER, .type = ORIEL_METRIC_HISTOGRAM,
     .value = ORIEL_VALUE_DELAYS, .key = "bird", .is = "duck", .offset = offsetof(struct pond, dives),
     .member = "dives"},
    {.name = "pond_elsewhere", .help = "Another scope.", .scope = ORIEL_METRIC_SCOPE_DESKTOP,
     .type = ORIEL_METRIC_GAUGE, .value = ORIEL_VALUE_U64, .offset = offsetof(struct pond, ducks), .member = "elsewhere"},
  };
  const struct oriel_metric_table table = {rows, sizeof rows / sizeof *rows};
  struct pond pond = {.ducks = 7, .drakes = UINT64_MAX - 1, .unknown = UINT64_MAX, .depth_us = 1500, .frozen = true};
  struct oriel_histogram dives;
  oriel_histogram_init(&dives);
  for (uint32_t us = 50; us < 5000000; us *= 10) /* 50 µs to 0.5 s, and below that each fifth */
    oriel_histogram_add(&dives, us);
  oriel_histogram_read(&dives, &pond.dives);
  struct oriel_sheet *sheet = oriel_sheet_create();
  oriel_metric_write(sheet, &table, ORIEL_METRIC_SCOPE_SERVER, &pond, "place=\"north\"");
  size_t size;
  char *text = oriel_sheet_text(sheet, &size);
  assert_page(text, size);
  assert_true(exposition_value(text, "pond_birds_total{place=\"north\",kind=\"duck\"}") == 7);
  assert_non_null(strstr(text, "pond_birds_total{place=\"north\",kind=\"drake\"} 18446744073709551614\n"));
  assert_true(exposition_value(text, "pond_depth_seconds{place=\"north\"}") == 0.0015);
  assert_true(exposition_value(text, "pond_dive_seconds_bucket{place=\"north\",bird=\"duck\",le=\"0.0001\"}") == 1);
  assert_true(exposition_value(text, "pond_dive_seconds_bucket{place=\"north\",bird=\"duck\",le=\"0.005\"}") == 3);
  assert_true(exposition_value(text, "pond_dive_seconds_bucket{place=\"north\",bird=\"duck\",le=\"+Inf\"}") == 5);
  assert_true(exposition_value(text, "pond_dive_seconds_count{place=\"north\",bird=\"duck\"}") == 5);
  assert_true(exposition_value(text, "pond_dive_seconds_sum{place=\"north\",bird=\"duck\"}") == 0.55555);
  assert_null(strstr(text, "pond_unknown"));
  assert_null(strstr(text, "pond_elsewhere"));
  free(text);
  oriel_sheet_destroy(sheet);
  json_t *object = json_object(), *expected = json_loads(
    "{\"ducks\":7,\"males\":{\"drakes\":9223372036854775807},\"depth_us\":1500,\"frozen\":true,\"dives\":[{\"name\":"
    "\"duck\",\"count\":5,\"p50_us\":5000,\"p95_us\":500000,\"p99_us\":500000,\"max_us\":500000}]}", 0, NULL);
  oriel_metric_members(object, &table, ORIEL_METRIC_SCOPE_SERVER, &pond);
  assert_non_null(expected);
  assert_true(json_equal(object, expected));
  json_decref(object);
  json_decref(expected);
}

static void many_are_summed_or_the_greatest_is_told(void **state) {
  (void)state;
  static const struct oriel_metric rows[] = {
    {.name = "pond_ducks", .help = "Ducks.", .scope = ORIEL_METRIC_SCOPE_VIEWER, .type = ORIEL_METRIC_GAUGE,
     .value = ORIEL_VALUE_U64, .offset = offsetof(struct pond, ducks)},
    {.name = "pond_depth_seconds", .help = "Depth.", .scope = ORIEL_METRIC_SCOPE_VIEWER, .type = ORIEL_METRIC_GREATEST,
     .value = ORIEL_VALUE_U32, .unit = ORIEL_UNIT_MICROSECONDS, .offset = offsetof(struct pond, depth_us)},
  };
  const struct oriel_metric_table table = {rows, sizeof rows / sizeof *rows};
  const struct pond ponds[] = {{.ducks = 1, .depth_us = 5}, {.ducks = 2, .depth_us = 9000000}, {.ducks = 4}};
  for (size_t count = 0; count <= 3; count += 3) {
    struct oriel_sheet *sheet = oriel_sheet_create();
    oriel_metric_write_sum(sheet, &table, ORIEL_METRIC_SCOPE_VIEWER, ponds, sizeof *ponds, count);
    size_t size;
    char *text = oriel_sheet_text(sheet, &size);
    assert_page(text, size);
    assert_true(exposition_value(text, "pond_ducks") == (count ? 7 : 0));
    assert_true(exposition_value(text, "pond_depth_seconds") == (count ? 9 : 0));
    free(text);
    oriel_sheet_destroy(sheet);
  }
}

/* ---- a running server ---- */

#define MOVING "pattern:?size=320x240&fps=30&scene=motion"

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = MOVING;
  rig_start(rig);
  *state = rig;
  return 0;
}

/** A viewer whose pictures are acknowledged, so that every stage has been measured. */
static int watch_some(const struct rig *rig) {
  static struct frame frame;
  const int fd = ws_join(rig, true);
  for (int pictures = 0; pictures < 3;) {
    assert_int_equal(ws_read(fd, &frame), 2);
    pictures += ws_attend(fd, &frame);
  }
  return fd;
}

static void page_has_all_rows(void **state) {
  struct rig *rig = *state;
  const struct oriel_metric_table *table = &oriel_metric_rows;
  const int fd = watch_some(rig);
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_page(answer.body, answer.size);
  for (const struct oriel_metric *row = table->rows; row < table->rows + table->count; row++) {
    char head[192], label[128];
    if (!row->name || row->scope == ORIEL_METRIC_SCOPE_RECEIVER) /* nothing plays here */
      continue;
    snprintf(head, sizeof head, "# HELP %s ", row->name);
    const char *family = strstr(answer.body, head);
    snprintf(label, sizeof label, "%s=\"%s\"", row->key ? row->key : "", row->is ? row->is : "");
    if (!family || (row->key && !strstr(family, label)))
      fail_msg("%s %s is not there", row->name, label);
  }
  assert_true(exposition_value(answer.body, "oriel_stage_duration_seconds_count{stage=\"encode\"}") >= 1);
  assert_true(exposition_value(answer.body, "oriel_stage_duration_seconds_bucket{stage=\"encode\",le=\"+Inf\"}") >= 1);
  assert_true(exposition_value(answer.body, "oriel_viewers") == 1);
  assert_true(exposition_value(answer.body, "oriel_viewer_bytes_sent") > 0);
  assert_true(exposition_value(answer.body, "oriel_desktop_width_pixels") == 320);
  const double bits = exposition_value(answer.body, "oriel_bitrate_bits_per_second");
  assert_true(bits > 0 && exposition_value(answer.body, "oriel_bitrate_bytes_per_second") == bits / 8);
  close(fd);
}

static void assert_member(const json_t *object, const struct oriel_metric *row) {
  char path[128], *save = NULL;
  snprintf(path, sizeof path, "%s", row->member);
  for (const char *name = strtok_r(path, ".", &save); name; name = strtok_r(NULL, ".", &save))
    object = json_object_get(object, name);
  if (!object)
    fail_msg("%s is not there", row->member);
}

static void stats_have_all_members(void **state) {
  struct rig *rig = *state;
  const struct oriel_metric_table *table = &oriel_metric_rows;
  const int fd = watch_some(rig);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/stats", RIG_BEARER, NULL), 200);
  json_t *root = json_loadb(answer.body, answer.size, 0, NULL);
  assert_non_null(root);
  const json_t *objects[] = {
    [ORIEL_METRIC_SCOPE_SERVER] = json_object_get(root, "server"),
    [ORIEL_METRIC_SCOPE_DESKTOP] = root,
    [ORIEL_METRIC_SCOPE_VIEWER] = json_array_get(json_object_get(root, "viewer"), 0),
    [ORIEL_METRIC_SCOPE_INPUT] = json_array_get(json_object_get(json_object_get(root, "sound"), "inputs"), 0),
    [ORIEL_METRIC_SCOPE_WHEP] = root,
    [ORIEL_METRIC_SCOPE_WHEP_PORT] = json_object_get(root, "server"),
  };
  for (const struct oriel_metric *row = table->rows; row < table->rows + table->count; row++)
    if (row->member && objects[row->scope])
      assert_member(objects[row->scope], row);
  json_decref(root);
  close(fd);
}

static void page_of_several_is_whole(void **state) {
  struct rig *rig = *state;
  assert_true(rig_until(rig, no_viewers, 20000));
  struct rig_more *more = rig_mount(rig, &(struct oriel_mount_config){.name = "red", .token = "red-token"}, MOVING);
  struct rig_more *none = rig_mount(rig, &(struct oriel_mount_config){.name = "none"}, NULL);
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_page(answer.body, answer.size);
  static const char *const series[] = {
    "oriel_viewers{desktop=\"red\"}", "oriel_stage_duration_seconds_count{desktop=\"red\",stage=\"paint\"}",
    "oriel_sound_drift_ratio{desktop=\"red\",input=\"0\",kind=\"device\"}", "oriel_viewers{desktop=\"desktop\"}",
    "oriel_viewer_rtt_max_seconds{desktop=\"red\"}"};
  for (size_t i = 0; i < sizeof series / sizeof *series; i++)
    assert_true(exposition_value(answer.body, series[i]) == 0);
  /* The process and the server are nobody's. */
  assert_true(exposition_value(answer.body, "process_cpu_seconds_total") > 0);
  assert_int_equal(ask(rig, &answer, "GET /d/red/metrics", BEARER("red-token"), NULL), 200);
  assert_page(answer.body, answer.size);
  assert_null(strstr(answer.body, "process_"));
  assert_null(strstr(answer.body, "oriel_connections"));
  rig_unmount(rig, none);
  rig_unmount(rig, more);
}

static void process_is_told_as_it_is(void **state) {
  struct rig *rig = *state;
  assert_true(rig_until(rig, no_viewers, 20000));
  const unsigned descriptors = rig_descriptors() - 3; /* it counts ".", ".." and the one that it reads by */
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  const double now = (double)time(NULL), started = exposition_value(answer.body, "process_start_time_seconds");
  assert_true(started > now - 3600 && started < now + 2);
  const double open = exposition_value(answer.body, "process_open_fds");
  assert_true(open >= descriptors && open <= descriptors + 8); /* with the connection that asks */
  assert_true(exposition_value(answer.body, "process_max_fds") >= open);
  assert_true(exposition_value(answer.body, "process_cpu_seconds_total") > 0);
  const double resident = exposition_value(answer.body, "process_resident_memory_bytes");
  assert_true(resident > 1e6 && resident <= exposition_value(answer.body, "process_virtual_memory_bytes"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reader_takes_what_is_right),
    cmocka_unit_test(reader_refuses_what_is_wrong),
    cmocka_unit_test(rows_are_sound),
    cmocka_unit_test(row_is_all_that_a_counter_takes),
    cmocka_unit_test(many_are_summed_or_the_greatest_is_told),
    cmocka_unit_test(page_has_all_rows),
    cmocka_unit_test(stats_have_all_members),
    cmocka_unit_test(page_of_several_is_whole),
    cmocka_unit_test(process_is_told_as_it_is),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
