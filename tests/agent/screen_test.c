/* SPDX-License-Identifier: MIT
 *
 * What an X11 desktop does about the sizes that the host asks for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "guest/agent/screen_plan.h"

/** One output in use at 1024x768, which it also prefers. */
static struct agent_screen one(void) {
  return (struct agent_screen){
    .outputs = {{.id = 50, .is_connected = true, .preferred = 100, .preferred_width = 1024, .preferred_height = 768,
                 .crtc = 60, .mode = 100, .width = 1024, .height = 768}},
    .count = 1, .width_most = 16384, .height_most = 16384};
}

static void prefer(struct agent_screen_output *output, uint32_t mode, uint16_t width, uint16_t height) {
  output->preferred = mode;
  output->preferred_width = width;
  output->preferred_height = height;
}

static void screen_follows_a_new_preferred_mode(void **state) {
  (void)state;
  struct agent_screen screen = one();
  struct agent_screen_memory memory = {0};
  struct agent_screen_plan plan;
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
  prefer(&screen.outputs[0], 101, 1440, 900);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_CHANGE);
  assert_true(plan.count == 1 && plan.width == 1440 && plan.height == 900);
  assert_true(plan.places[0].crtc == 60 && plan.places[0].mode == 101 && plan.places[0].x == 0);
  screen.outputs[0].mode = 101;
  screen.outputs[0].width = 1440;
  screen.outputs[0].height = 900;
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
}

static void screen_leaves_what_the_user_chose(void **state) {
  (void)state;
  struct agent_screen screen = one();
  struct agent_screen_memory memory = {0};
  struct agent_screen_plan plan;
  agent_screen_plan(&screen, &memory, &plan);
  screen.outputs[0].mode = 99; /* the user's, by the desktop's own dialog */
  screen.outputs[0].width = 640;
  screen.outputs[0].height = 480;
  for (int i = 0; i < 3; i++)
    assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
  prefer(&screen.outputs[0], 102, 1024, 768); /* the same size under another id is no news */
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
  prefer(&screen.outputs[0], 103, 1600, 900); /* until the host asks again */
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_CHANGE);
}

static void screen_takes_the_size_asked_for_before_the_session(void **state) {
  (void)state;
  struct agent_screen screen = one();
  struct agent_screen_memory memory = {0};
  struct agent_screen_plan plan;
  prefer(&screen.outputs[0], 101, 1440, 900);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_CHANGE);
  assert_int_equal(plan.width, 1440);
}

static void screen_places_heads_side_by_side(void **state) {
  (void)state;
  struct agent_screen screen = one();
  struct agent_screen_memory memory = {0};
  struct agent_screen_plan plan;
  screen.count = 2; /* the second is left of the first */
  screen.outputs[0].x = 800;
  screen.outputs[1] = (struct agent_screen_output){.id = 51, .is_connected = true, .preferred = 110,
    .preferred_width = 800, .preferred_height = 600, .crtc = 61, .mode = 110, .width = 800, .height = 600};
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
  prefer(&screen.outputs[1], 111, 1280, 1024);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_CHANGE);
  assert_true(plan.count == 2 && plan.width == 1280 + 1024 && plan.height == 1024);
  assert_true(plan.places[0].output == 51 && plan.places[0].x == 0);
  assert_true(plan.places[1].output == 50 && plan.places[1].x == 1280 && plan.places[1].mode == 100);
}

static void screen_takes_heads_that_come_and_leaves_those_that_go(void **state) {
  (void)state;
  struct agent_screen screen = one();
  struct agent_screen_memory memory = {0};
  struct agent_screen_plan plan;
  screen.count = 2;
  screen.outputs[1] = (struct agent_screen_output){.id = 51, .free_crtc = 61};
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
  screen.outputs[1].is_connected = true;
  prefer(&screen.outputs[1], 110, 800, 600);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_CHANGE);
  assert_true(plan.count == 2 && plan.places[1].crtc == 61 && plan.places[1].x == 1024 && plan.width == 1824);
  screen.outputs[1].is_connected = false;
  screen.outputs[1].crtc = 61;
  screen.outputs[1].mode = 110;
  prefer(&screen.outputs[1], 0, 0, 0);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_CHANGE);
  assert_true(plan.count == 2 && plan.places[1].crtc == 61 && plan.places[1].mode == 0 && plan.width == 1024);
}

static void screen_beyond_the_servers_limit_stays(void **state) {
  (void)state;
  struct agent_screen screen = one();
  struct agent_screen_memory memory = {0};
  struct agent_screen_plan plan;
  screen.width_most = 2048;
  prefer(&screen.outputs[0], 101, 2560, 1440);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_BEYOND);
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT); /* said once */
  screen.count = 0;
  assert_int_equal(agent_screen_plan(&screen, &memory, &plan), AGENT_SCREEN_RIGHT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(screen_follows_a_new_preferred_mode),
    cmocka_unit_test(screen_leaves_what_the_user_chose),
    cmocka_unit_test(screen_takes_the_size_asked_for_before_the_session),
    cmocka_unit_test(screen_places_heads_side_by_side),
    cmocka_unit_test(screen_takes_heads_that_come_and_leaves_those_that_go),
    cmocka_unit_test(screen_beyond_the_servers_limit_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
