/* SPDX-License-Identifier: MIT
 *
 * Input to a QEMU that stops, has old-fashioned devices, or whose guest's lock keys stand otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "peer.h"

enum { PATIENCE_MS = PEER_PATIENCE_MS, SHIFT = 0xe1, KEY_A = 0x04, KEY_B = 0x05, KEY_C = 0x06 };

static void key(uint16_t usage, bool pressed) {
  oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {usage, pressed}});
}

static void button(bool pressed) {
  oriel_source_input(test.source,
                     &(struct oriel_input){.type = ORIEL_INPUT_BUTTON, .button = {ORIEL_BUTTON_LEFT, pressed}});
}

/* An event of QMP with a time: `ago_ms` before now. */
static void event(const char *name, int64_t ago_ms) {
  const int64_t at = g_get_real_time() - ago_ms * 1000;
  char line[200];
  snprintf(line, sizeof line, "{\"event\":\"%s\",\"timestamp\":{\"seconds\":%lld,\"microseconds\":%lld}}", name,
           (long long)(at / 1000000), (long long)(at % 1000000));
  fake_qemu_say(test.fake, line);
}

static void pause_vm(int64_t ago_ms) {
  fake_qemu_status(test.fake, "paused");
  event("STOP", ago_ms);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_PAUSED, "paused", PATIENCE_MS));
}

static void resume_vm(void) {
  fake_qemu_status(test.fake, "running");
  event("RESUME", 0);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "runs", PATIENCE_MS));
}

/* Shift held, pause, release, resume: "abc" typed ABC. */
static void input_released_while_stopped_is_kept(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  key(SHIFT, true);
  button(true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(42,)\nPress(0,)\n"));
  const unsigned released = fake_qemu_count(test.fake, "Release("); /* on attaching */
  const unsigned released_a = fake_qemu_count(test.fake, "Release(30");
  pause_vm(0);
  key(SHIFT, false);
  button(false);
  key(KEY_A, true); /* what is typed into a machine that stands still is not typed when it goes on */
  key(KEY_A, false);
  assert_int_equal(fake_qemu_count(test.fake, "Release("), released);
  resume_vm();
  assert_true(fake_qemu_wait_log(test.fake, "Release(42,)\nRelease(0,)\n"));
  key(KEY_B, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 0);
  assert_int_equal(fake_qemu_count(test.fake, "Release(30"), released_a);
}

/* QEMU carried the release out when it had stopped already, and the news of that came later than the answer. */
static void input_released_when_it_stopped_is_sent_again(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  key(SHIFT, true);
  key(SHIFT, false);
  button(true);
  button(false);
  assert_true(fake_qemu_wait_log(test.fake, "Release(42,)\nPress(0,)\nRelease(0,)\n"));
  pause_vm(5000);
  resume_vm();
  /* QEMU drops the release of a key that it takes to be up. */
  assert_true(fake_qemu_wait_log(test.fake, "Press(42,)\nRelease(42,)\nRelease(0,)\n"));
}

/* Whoever was attached before was killed with a key down, and then the VM was stopped. */
static void input_of_a_former_client_is_released_when_it_runs(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.absolute = true, .status = "paused"});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_PAUSED, "paused", PATIENCE_MS));
  pause_vm(0); /* twice is as good as once */
  assert_int_equal(fake_qemu_count(test.fake, "Release("), 0);
  resume_vm();
  peer_wait_input_reset();
  assert_int_equal(fake_qemu_count(test.fake, "Release(42,)"), 1);
  const unsigned released = fake_qemu_count(test.fake, "Release(");
  pause_vm(0);
  resume_vm();
  key(KEY_A, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(30,)\n"));
  assert_int_equal(fake_qemu_count(test.fake, "Release("), released);
}

static bool is_relative(const struct recorder *recorder, const void *want) {
  (void)want;
  return !recorder->absolute;
}

static void input_released_before_it_stopped_is_not_sent_again(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  key(KEY_A, true);
  key(KEY_A, false);
  assert_true(fake_qemu_wait_log(test.fake, "Press(30,)\nRelease(30,)\n"));
  const unsigned released = fake_qemu_count(test.fake, "Release(30");
  /* Comes behind the answer, on the same connection. */
  fake_qemu_property(test.fake, "org.qemu.Display1.Mouse", "IsAbsolute", g_variant_new_boolean(FALSE));
  assert_true(recorder_wait(&test.recorder, is_relative, NULL, PATIENCE_MS));
  pause_vm(-5000); /* later than any answer */
  resume_vm();
  key(KEY_B, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Release(30"), released);
}

static void input_modifier_held_over_a_resume_counts(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  pause_vm(0);
  key(SHIFT, true);
  resume_vm();
  assert_true(fake_qemu_wait_log(test.fake, "Press(42,)\n"));
  key(KEY_A, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(30,)\n"));
}

/* --- repeating ---------------------------------------------------------------------------------------------------- */

static unsigned presses_of_three(const char *keyboard) {
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = keyboard});
  key(KEY_B, true); /* devices are asked for by now, or with this key */
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)"));
  for (int i = 0; i < 3; i++) {
    const unsigned before = fake_qemu_count(test.fake, "Press(30");
    key(KEY_A, true);
    /* A repeat that finds something waiting is left out, so each waits for the one before where it is passed on. */
    for (int look = 0; look < 20 && fake_qemu_count(test.fake, "Press(30") == before; look++)
      g_usleep(2000);
  }
  key(KEY_A, false);
  assert_true(fake_qemu_wait_log(test.fake, "Release(30,)"));
  return fake_qemu_count(test.fake, "Press(30");
}

static void input_repeats_for_a_ps2_keyboard(void **state) {
  (void)state;
  assert_int_equal(presses_of_three("i8042"), 3);
}

static void input_does_not_repeat_for_others(void **state) {
  (void)state;
  assert_int_equal(presses_of_three("usb-kbd"), 1);
}

/* --- mice --------------------------------------------------------------------------------------------------------- */

/* A packet tells of 127 pixels: what is left of a jump came after the press, and a click became a drag. */
static void input_jumps_in_packets_of_a_ps2_mouse(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.mouse = "QEMU PS/2 Mouse"});
  uint64_t start_ns = oriel_clock_ns();
  oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {600, -130}});
  button(true);
  button(false);
  assert_true(fake_qemu_wait_log(test.fake, "RelMotion(127, -127)\nRelMotion(127, -3)\nRelMotion(127, 0)\n"
                                            "RelMotion(127, 0)\nRelMotion(92, 0)\nPress(0,)\nRelease(0,)\n"));
  /* Seven packets, three of which the mouse's queue takes at once. */
  assert_true(oriel_clock_ns() - start_ns >= 4 * 10 * ORIEL_NS_PER_MS);
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static bool is_typed(const struct recorder *recorder, const void *want) {
  return recorder->mark == *(const uint64_t *)want;
}

static void text(uint64_t mark, unsigned count) {
  struct oriel_stroke strokes[ORIEL_TEXT_STROKES_MAX];
  for (unsigned i = 0; i < count; i++)
    strokes[i] = (struct oriel_stroke){.usage = KEY_A, .pressed = i % 2 == 0};
  oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_TEXT,
                                                        .text = {.strokes = strokes, .count = count, .mark = mark}});
}

static void input_text_is_told_when_it_was_typed(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = "virtio-keyboard-pci"});
  text(7, 20);
  assert_true(recorder_wait(&test.recorder, is_typed, &(uint64_t){7}, PATIENCE_MS));
  assert_true(fake_qemu_wait_log(test.fake, "Release(30,)"));
  key(KEY_B, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 10);
  /* Without a QEMU nothing is typed, and nobody waits for it. */
  fake_qemu_stop(test.fake);
  test.fake = NULL;
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_GONE, NULL, PATIENCE_MS));
  text(8, 2);
  assert_true(recorder_wait(&test.recorder, is_typed, &(uint64_t){8}, PATIENCE_MS));
  assert_int_equal(test.recorder.untyped, 2);
}

/* What waits when QEMU goes is dropped, and told as well: its sender would wait for ever. */
static void input_text_is_told_when_qemu_went(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  pause_vm(0);
  text(1, 2);
  text(2, 2);
  fake_qemu_drop_control(test.fake);
  assert_true(recorder_wait(&test.recorder, is_typed, &(uint64_t){2}, PATIENCE_MS));
  assert_int_equal(test.recorder.untyped, 4);
  assert_int_equal(fake_qemu_count(test.fake, "Press("), 0);
}

static void input_text_outlasts_a_pause(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = "virtio-keyboard-pci"});
  const unsigned released = fake_qemu_count(test.fake, "Release(30"); /* on attaching */
  pause_vm(0);
  text(1, 64);
  text(2, 64);
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 0);
  resume_vm();
  assert_true(recorder_wait(&test.recorder, is_typed, &(uint64_t){2}, PATIENCE_MS));
  key(KEY_B, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 64);
  assert_int_equal(fake_qemu_count(test.fake, "Release(30"), released + 64);
}

/* What QEMU has not taken yet would all come to the guest at once. But a key that is down is released, or it repeats. */
static void input_text_waits_for_answers_between_characters(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = "virtio-keyboard-pci", .answers_nothing = true});
  const unsigned released = fake_qemu_count(test.fake, "Release(30"); /* on attaching */
  text(1, 4);
  assert_int_equal(oriel_source_resize(test.source, 640, 480), 0);
  assert_true(fake_qemu_wait_log(test.fake, "SetUIInfo"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 1);
  assert_int_equal(fake_qemu_count(test.fake, "Release(30"), released + 1);
}

static void release_all(void) {
  oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL});
}

/* Its sender lost the controls, cancelled or left. What it pressed by itself comes, and what comes next is the next
 * controller's. */
static void input_text_ends_with_a_release_of_all(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = "virtio-keyboard-pci", .answers_nothing = true});
  const unsigned released = fake_qemu_count(test.fake, "Release(30"); /* on attaching */
  text(1, 20); /* its first character goes, the others wait for an answer */
  assert_int_equal(oriel_source_resize(test.source, 640, 480), 0);
  assert_true(fake_qemu_wait_log(test.fake, "SetUIInfo"));
  text(2, 64);
  key(KEY_B, true);
  oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {7, 9}});
  text(3, 64);
  release_all();
  assert_true(is_typed(&test.recorder, &(uint64_t){3})); /* at once */
  assert_int_equal(test.recorder.untyped, 18 + 64 + 64);
  key(KEY_C, true);
  key(KEY_C, false);
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)\nSetAbsPosition(8, 10)\nRelease(48,)\n"
                                            "Press(46,)\nRelease(46,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 1);
  assert_int_equal(fake_qemu_count(test.fake, "Release(30"), released + 1);
}

/* Its text had pressed Shift, and the release of that waited with the rest. */
static void input_text_that_ends_leaves_nothing_down(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = "virtio-keyboard-pci"});
  const struct oriel_stroke first[] = {{SHIFT, true}};
  const struct oriel_stroke rest[] = {{KEY_A, true}, {KEY_A, false}, {SHIFT, false}};
  const unsigned released = fake_qemu_count(test.fake, "Release(42,)"); /* on attaching */
  struct oriel_input input = {.type = ORIEL_INPUT_TEXT, .text = {.strokes = first, .count = 1, .mark = 1}};
  oriel_source_input(test.source, &input);
  assert_true(fake_qemu_wait_log(test.fake, "Press(42,)\n"));
  pause_vm(0);
  input.text.strokes = rest;
  input.text.count = 3;
  input.text.mark = 2;
  oriel_source_input(test.source, &input);
  release_all();
  assert_true(is_typed(&test.recorder, &(uint64_t){2}));
  assert_int_equal(test.recorder.untyped, 3);
  resume_vm();
  text(3, 2); /* and a new one is typed */
  assert_true(fake_qemu_wait_log(test.fake, "Press(30,)\nRelease(30,)\n"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), 1);
  assert_int_equal(fake_qemu_count(test.fake, "Release(42,)"), released + 1);
  assert_int_equal(test.recorder.untyped, 3);
}

/* --- lock keys ---------------------------------------------------------------------------------------------------- */

static void input_lock_keys_are_brought_into_step(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  fake_qemu_property(test.fake, "org.qemu.Display1.Keyboard", "Modifiers", g_variant_new_uint32(0));
  oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_LOCKS,
                                                        .locks = {ORIEL_LOCK_CAPS, ORIEL_LOCK_CAPS}});
  fake_qemu_property(test.fake, "org.qemu.Display1.Mouse", "IsAbsolute", g_variant_new_boolean(FALSE));
  assert_true(recorder_wait(&test.recorder, is_relative, NULL, PATIENCE_MS)); /* so the LEDs are known, too */
  key(KEY_A, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(58,)\nRelease(58,)\n"));
  fake_qemu_property(test.fake, "org.qemu.Display1.Keyboard", "Modifiers", g_variant_new_uint32(4));
  assert_true(fake_qemu_wait_log(test.fake, "Release(58,)\nPress(30,)"));
  key(KEY_B, true);
  assert_true(fake_qemu_wait_log(test.fake, "Press(48,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(58"), 1);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, peer_begin, peer_end)
  const struct CMUnitTest tests[] = {
    CASE(input_released_while_stopped_is_kept),
    CASE(input_released_when_it_stopped_is_sent_again),
    CASE(input_of_a_former_client_is_released_when_it_runs),
    CASE(input_released_before_it_stopped_is_not_sent_again),
    CASE(input_modifier_held_over_a_resume_counts),
    CASE(input_repeats_for_a_ps2_keyboard),
    CASE(input_does_not_repeat_for_others),
    CASE(input_jumps_in_packets_of_a_ps2_mouse),
    CASE(input_text_is_told_when_it_was_typed),
    CASE(input_text_is_told_when_qemu_went),
    CASE(input_text_outlasts_a_pause),
    CASE(input_text_waits_for_answers_between_characters),
    CASE(input_text_ends_with_a_release_of_all),
    CASE(input_text_that_ends_leaves_nothing_down),
    CASE(input_lock_keys_are_brought_into_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
