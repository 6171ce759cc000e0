/* SPDX-License-Identifier: MIT
 *
 * How long oriel stays after its VM's end, and the VM's next start off the loop's thread.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/again.h"
#include "cli/report.h"

enum { MINUTE_MS = 60000 };

static void nobody_keeps_it_for_a_moment_only(void **state) {
  (void)state;
  struct oriel_again again = {.offered = true, .ended_ms = 1000};
  assert_false(oriel_again_is_over(&again, 1000));
  assert_false(oriel_again_is_over(&again, 2499));
  assert_true(oriel_again_is_over(&again, 2500));
}

static void viewers_keep_it_for_ten_minutes_at_most(void **state) {
  (void)state;
  struct oriel_again again = {.offered = true, .ended_ms = 1000};
  for (uint64_t now_ms = 1000; now_ms < 1000 + 10 * MINUTE_MS; now_ms += 250) {
    again.seen_ms = now_ms;
    assert_false(oriel_again_is_over(&again, now_ms));
  }
  again.seen_ms = 1000 + 10 * MINUTE_MS;
  assert_true(oriel_again_is_over(&again, again.seen_ms));
}

static void page_may_be_opened_again(void **state) {
  (void)state;
  struct oriel_again again = {.offered = true, .ended_ms = 1000, .seen_ms = 20000};
  assert_false(oriel_again_is_over(&again, 24999));
  assert_true(oriel_again_is_over(&again, 25000));
}

static void what_is_not_offered_is_shown_only(void **state) {
  (void)state;
  struct oriel_again again = {.offered = false, .ended_ms = 1000, .seen_ms = 2500};
  assert_false(oriel_again_is_over(&again, 2499));
  assert_true(oriel_again_is_over(&again, 2500));
}

/* ---- on a loop ---- */

struct scene {
  struct oriel_again again;
  uv_loop_t loop;
  uv_thread_t starter;
  unsigned starts, told, over;
  struct oriel_qemu *vm;
};

static struct scene scene;

static unsigned count_viewers(void *user) {
  (void)user;
  return 0;
}

static void on_over(void *user) {
  (void)user;
  scene.over++;
}

static void on_started(void *user, struct oriel_qemu *vm) {
  (void)user;
  scene.told++;
  scene.vm = vm;
}

static struct oriel_qemu *const a_vm = (struct oriel_qemu *)&scene; /* only handed through */

static int start_well(const struct oriel_options *options, struct oriel_qemu **vm) {
  (void)options;
  scene.starts++;
  scene.starter = uv_thread_self();
  *vm = a_vm;
  return ORIEL_EXIT_OK;
}

static int start_badly(const struct oriel_options *options, struct oriel_qemu **vm) {
  (void)options, (void)vm;
  scene.starts++;
  return ORIEL_EXIT_ERROR;
}

static int open_scene(void **state) {
  (void)state;
  memset(&scene, 0, sizeof scene);
  uv_loop_init(&scene.loop);
  scene.again.host = (struct oriel_again_host){.viewers = count_viewers, .over = on_over, .started = on_started};
  oriel_again_init(&scene.again, &scene.loop);
  return 0;
}

static int close_scene(void **state) {
  (void)state;
  uv_close((uv_handle_t *)&scene.again.timer, NULL);
  uv_run(&scene.loop, UV_RUN_DEFAULT);
  return uv_loop_close(&scene.loop);
}

static void start_ends_the_wait_and_does_not_hold_the_loop(void **state) {
  (void)state;
  scene.again.starter = start_well;
  oriel_again_wait(&scene.again, true);
  assert_int_equal(oriel_again_start(&scene.again, NULL), 0);
  assert_int_equal(oriel_again_start(&scene.again, NULL), -EALREADY);
  uv_run(&scene.loop, UV_RUN_DEFAULT); /* a wait that goes on would say that it is over */
  const uv_thread_t self = uv_thread_self();
  assert_false(uv_thread_equal(&scene.starter, &self));
  assert_int_equal(scene.starts, 1);
  assert_int_equal(scene.told, 1);
  assert_int_equal(scene.over, 0);
  assert_ptr_equal(scene.vm, a_vm);
}

static void start_that_fails_can_be_tried_again(void **state) {
  (void)state;
  scene.again.starter = start_badly;
  assert_int_equal(oriel_again_start(&scene.again, NULL), 0);
  uv_run(&scene.loop, UV_RUN_DEFAULT);
  assert_int_equal(scene.told, 1);
  assert_null(scene.vm);
  scene.again.starter = start_well;
  assert_int_equal(oriel_again_start(&scene.again, NULL), 0);
  uv_run(&scene.loop, UV_RUN_DEFAULT);
  assert_ptr_equal(scene.vm, a_vm);
}

static void wait_ends_by_itself_or_when_it_is_cancelled(void **state) {
  (void)state;
  oriel_again_wait(&scene.again, true);
  uv_run(&scene.loop, UV_RUN_DEFAULT);
  assert_int_equal(scene.over, 1);
  oriel_again_wait(&scene.again, true);
  assert_false(oriel_again_cancel(&scene.again));
  uv_run(&scene.loop, UV_RUN_DEFAULT);
  assert_int_equal(scene.over, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nobody_keeps_it_for_a_moment_only),
    cmocka_unit_test(viewers_keep_it_for_ten_minutes_at_most),
    cmocka_unit_test(page_may_be_opened_again),
    cmocka_unit_test(what_is_not_offered_is_shown_only),
    cmocka_unit_test_setup_teardown(start_ends_the_wait_and_does_not_hold_the_loop, open_scene, close_scene),
    cmocka_unit_test_setup_teardown(start_that_fails_can_be_tried_again, open_scene, close_scene),
    cmocka_unit_test_setup_teardown(wait_ends_by_itself_or_when_it_is_cancelled, open_scene, close_scene),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
