/* SPDX-License-Identifier: MIT
 *
 * Volumes that other programs set.
 */
#include "guest/agent/props.h"

#include <math.h>
#include <setjmp.h>
#include <spa/utils/type.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };

struct array {
  struct spa_pod pod, child;
  float values[16 * 16];
};

static struct array array_of(uint32_t type, uint32_t child_size, uint32_t count) {
  struct array made = {.pod = {(uint32_t)sizeof(struct spa_pod) + child_size * count, SPA_TYPE_Array},
    .child = {child_size, type}};
  for (size_t i = 0; i < sizeof made.values / sizeof made.values[0]; i++)
    made.values[i] = 0.5f;
  return made;
}

/** Into memory of just that size, so that a sanitizer sees one byte more. */
static uint32_t read_volumes(const struct array *array, float *volumes) {
  float *exact = malloc(MOST * sizeof *exact);
  assert_non_null(exact);
  const uint32_t count = agent_props_volumes(&array->pod, exact, MOST);
  assert_true(count <= MOST);
  memcpy(volumes, exact, count * sizeof *exact);
  free(exact);
  return count;
}

static void props_of_floats_are_read(void **state) {
  (void)state;
  float volumes[MOST] = {0};
  struct array array = array_of(SPA_TYPE_Float, sizeof(float), 2);
  array.values[1] = 2;
  assert_int_equal(read_volumes(&array, volumes), 2);
  assert_true(volumes[0] == 0.5f && volumes[1] == 2);
  assert_true(agent_props_mean(volumes, 2) == 1.25f);
  array = array_of(SPA_TYPE_Float, sizeof(float), 200);
  assert_int_equal(read_volumes(&array, volumes), MOST);
}

static void props_of_another_type_or_size_are_none(void **state) {
  (void)state;
  float volumes[MOST];
  static const struct {
    uint32_t type, size, count;
  } bad[] = {{SPA_TYPE_Float, 64, 16}, {SPA_TYPE_Float, 0, 0}, {SPA_TYPE_Float, 3, 8}, {SPA_TYPE_Float, UINT32_MAX, 1},
    {SPA_TYPE_Double, 8, 2}, {SPA_TYPE_Int, 4, 2}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct array array = array_of(bad[i].type, bad[i].size, bad[i].count);
    assert_int_equal(read_volumes(&array, volumes), 0);
  }
  struct array array = array_of(SPA_TYPE_Float, sizeof(float), 2);
  array.pod.size = 4; /* shorter than an array's head */
  assert_int_equal(read_volumes(&array, volumes), 0);
  array.pod = (struct spa_pod){sizeof(float), SPA_TYPE_Float};
  assert_int_equal(read_volumes(&array, volumes), 0);
  assert_int_equal(agent_props_volumes(NULL, volumes, MOST), 0);
}

static void props_that_are_no_number_are_silent(void **state) {
  (void)state;
  float volumes[MOST];
  struct array array = array_of(SPA_TYPE_Float, sizeof(float), 5);
  array.values[0] = NAN;
  array.values[1] = INFINITY;
  array.values[2] = -INFINITY;
  array.values[3] = -1;
  assert_true(agent_props_mean(array.values, 5) == 0.1f);
  assert_int_equal(read_volumes(&array, volumes), 5);
  for (size_t i = 0; i < 4; i++)
    assert_true(volumes[i] == 0);
  assert_true(volumes[4] == 0.5f);
  assert_true(agent_props_mean(volumes, 0) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(props_of_floats_are_read),
    cmocka_unit_test(props_of_another_type_or_size_are_none),
    cmocka_unit_test(props_that_are_no_number_are_silent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
