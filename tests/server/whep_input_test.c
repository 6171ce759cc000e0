/* SPDX-License-Identifier: MIT
 *
 * Messages of the data channel `input`: what they become, and what they must be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "server/whep_input.h"
#include "server/whep_keys.h"
#include "source/input.h"

static struct oriel_whep_input input;
static struct oriel_viewer_in events[ORIEL_WHEP_INPUT_EVENTS];
static const char *why;

static int parse(const char *text) {
  return oriel_whep_input_parse(&input, text, strlen(text), events, &why);
}

static int reset(void **state) {
  (void)state;
  input = (struct oriel_whep_input){0};
  return 0;
}

static void expect_pointer(const struct oriel_viewer_in *event, unsigned x, unsigned y) {
  assert_int_equal(event->type, ORIEL_VIEWER_POINTER);
  assert_int_equal(event->pointer.x, x);
  assert_int_equal(event->pointer.y, y);
}

static void moves_are_pixels_of_the_video(void **state) {
  (void)state;
  assert_int_equal(parse("{\"type\":\"mousemove\",\"x\":100.9,\"y\":50}"), 1);
  expect_pointer(&events[0], 100, 50);
  assert_int_equal(parse("{\"type\":\"mousemove\",\"x\":-7,\"y\":1e12}"), 1);
  expect_pointer(&events[0], 0, UINT16_MAX);
  assert_int_equal(parse("{\"type\":\"mousemove\",\"y\":3,\"other\":[]}"), 1); /* what is absent is zero */
  expect_pointer(&events[0], 0, 3);
  input = (struct oriel_whep_input){.video_width = 640, .video_height = 360, .width = 1920, .height = 1080};
  assert_int_equal(parse("{\"type\":\"mousemove\",\"x\":639,\"y\":100.5}"), 1);
  expect_pointer(&events[0], 1917, 301);
}

static void relative_moves_lose_nothing(void **state) {
  (void)state;
  int sum = 0;
  for (unsigned i = 0; i < 10; i++) {
    if (parse("{\"type\":\"mousemove\",\"relative\":true,\"dx\":0.5,\"x\":9,\"y\":9}") == 1) {
      assert_int_equal(events[0].type, ORIEL_VIEWER_MOTION);
      sum += events[0].motion.dx;
    }
  }
  assert_int_equal(sum, 5);
  assert_int_equal(parse("{\"type\":\"mousemove\",\"relative\":true,\"dx\":-1e9,\"dy\":3}"), 1);
  assert_int_equal(events[0].motion.dx, -INT16_MAX);
  assert_int_equal(events[0].motion.dy, 3);
}

static void wheels_turn_by_pixels(void **state) {
  (void)state;
  assert_int_equal(parse("{\"type\":\"wheel\",\"dy\":100}"), 1);
  assert_int_equal(events[0].type, ORIEL_VIEWER_WHEEL);
  assert_int_equal(events[0].wheel.dy, 120);
  assert_int_equal(parse("{\"type\":\"wheel\",\"dx\":0.5}"), 0);
  assert_int_equal(parse("{\"type\":\"wheel\",\"dx\":0.5}"), 1);
  assert_int_equal(events[0].wheel.dx, 1);
  assert_int_equal(parse("{\"type\":\"wheel\",\"dy\":-1e300}"), 1);
  assert_int_equal(events[0].wheel.dy, -INT16_MAX);
  assert_int_equal(parse("{\"type\":\"wheel\",\"dy\":10}"), 1); /* of which nothing is left */
  assert_int_equal(events[0].wheel.dy, 12);
}

static void buttons_are_pressed_where_they_say(void **state) {
  (void)state;
  assert_int_equal(parse("{\"type\":\"mousedown\",\"x\":5,\"y\":6,\"button\":2}"), 2);
  expect_pointer(&events[0], 5, 6);
  assert_int_equal(events[1].type, ORIEL_VIEWER_BUTTON);
  assert_int_equal(events[1].button.button, ORIEL_BUTTON_RIGHT);
  assert_true(events[1].button.pressed);
  assert_int_equal(parse("{\"type\":\"mouseup\"}"), 1); /* where the pointer is */
  assert_int_equal(events[0].button.button, ORIEL_BUTTON_LEFT);
  assert_false(events[0].button.pressed);
  assert_int_equal(parse("{\"type\":\"mousedown\",\"x\":5,\"y\":6,\"relative\":true,\"button\":4}"), 1);
  assert_int_equal(events[0].button.button, ORIEL_BUTTON_EXTRA);
  assert_int_equal(parse("{\"type\":\"mousedown\",\"button\":5}"), 0);
  assert_int_equal(parse("{\"type\":\"mousedown\",\"button\":-1}"), 0);
}

static void keys_go_by_code_then_by_key(void **state) {
  (void)state;
  assert_int_equal(parse("{\"type\":\"keydown\",\"code\":\"KeyA\",\"key\":\"q\"}"), 1);
  assert_int_equal(events[0].type, ORIEL_VIEWER_KEY);
  assert_int_equal(events[0].key.usage, 0x04);
  assert_true(events[0].key.pressed);
  assert_int_equal(parse("{\"type\":\"keyup\",\"key\":\"Q\"}"), 1);
  assert_int_equal(events[0].key.usage, 0x14);
  assert_false(events[0].key.pressed);
  assert_int_equal(parse("{\"type\":\"keydown\",\"code\":\"Mystery\",\"key\":\"q\"}"), 0);
  assert_int_equal(parse("{\"type\":\"keydown\"}"), 0);
}

static void keys_have_their_numbers(void **state) {
  (void)state;
  assert_int_equal(oriel_whep_key("MediaPlayPause", ""), ORIEL_KEY_CONSUMER + 0xcd);
  assert_int_equal(oriel_whep_key("Unidentified", "Control"), 0xe0);
  assert_int_equal(oriel_whep_key("", "Enter"), 0x28);
  assert_int_equal(oriel_whep_key("", "AltGraph"), 0xe6);
  assert_int_equal(oriel_whep_key("", "?"), 0x38);
  assert_int_equal(oriel_whep_key("", "0"), 0x27);
  assert_int_equal(oriel_whep_key("", "\\"), 0x31);
  assert_int_equal(oriel_whep_key("", " "), 0x2c);
  assert_int_equal(oriel_whep_key("", "\x1b"), 0);
  assert_int_equal(oriel_whep_key("", "\xc3\xa4"), 0);
  assert_int_equal(oriel_whep_key("KeyAA", ""), 0);
}

static void what_is_no_message_says_what_it_must_be(void **state) {
  static const struct {
    const char *text, *why;
  } cases[] = {
    {"", "it must be one JSON object"},
    {"hello", "it must be one JSON object"},
    {"[]", "it must be one JSON object"},
    {"{\"type\":\"wheel\"}x", "it must be one JSON object"},
    {"{\"type\":\"wheel\",\"type\":\"wheel\"}", "it must be one JSON object"},
    {"{}", "type must be mousemove, mousedown, mouseup, wheel, keydown or keyup"},
    {"{\"type\":\"fly\"}", "type must be mousemove, mousedown, mouseup, wheel, keydown or keyup"},
    {"{\"type\":7}", "type, key and code must be strings"},
    {"{\"type\":\"keyup\",\"code\":null}", "type, key and code must be strings"},
    {"{\"type\":\"wheel\",\"dx\":\"1\"}", "x, y, dx, dy and button must be numbers"},
    {"{\"type\":\"wheel\",\"relative\":1}", "relative must be true or false"},
  };
  char large[ORIEL_WHEP_INPUT_MAX + 2];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(parse(cases[i].text), -EINVAL);
    assert_string_equal(why, cases[i].why);
  }
  memset(large, ' ', sizeof large);
  memcpy(large, "{\"type\":\"wheel\"}", 16);
  assert_int_equal(oriel_whep_input_parse(&input, large, ORIEL_WHEP_INPUT_MAX, events, &why), 0);
  assert_int_equal(oriel_whep_input_parse(&input, large, ORIEL_WHEP_INPUT_MAX + 1, events, &why), -EINVAL);
  assert_string_equal(why, "it must be at most 1024 bytes long");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(moves_are_pixels_of_the_video, reset),
    cmocka_unit_test_setup(relative_moves_lose_nothing, reset),
    cmocka_unit_test_setup(wheels_turn_by_pixels, reset),
    cmocka_unit_test_setup(buttons_are_pressed_where_they_say, reset),
    cmocka_unit_test_setup(keys_go_by_code_then_by_key, reset),
    cmocka_unit_test(keys_have_their_numbers),
    cmocka_unit_test_setup(what_is_no_message_says_what_it_must_be, reset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
