/* SPDX-License-Identifier: MIT
 *
 * Two consoles of one QEMU that is none: what their sources share, and what of one does not concern the other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "media/opus.h"
#include "peer.h"
#include "source/heads.h"

#define LISTENER "org.qemu.Display1.Listener"

enum { PATIENCE_MS = PEER_PATIENCE_MS, X8R8G8B8 = 0x20020888, KEY_A = 0x04 };

static const char in_listener[] = "org.qemu.Display1.AudioInListener";

/* The second console's; the first one's are test.source and test.recorder. */
static struct oriel_source *second;
static struct recorder second_recorder;

static void attach_second(void) {
  char address[96], why[160];
  snprintf(address, sizeof address, "qemu:%s?console=1", test.path);
  recorder_init(&second_recorder);
  assert_int_equal(oriel_source_create(address, &second, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(second, &second_recorder.sink), 0);
  oriel_source_watch(second, ORIEL_WATCH_PICTURES);
}

static void detach_second(void) {
  oriel_source_destroy(second);
  recorder_finish(&second_recorder);
  second = NULL;
}

static void detach_first(void) {
  oriel_source_destroy(test.source);
  recorder_finish(&test.recorder);
  test.source = NULL;
}

static int begin(void **state) {
  second = NULL;
  return peer_begin(state);
}

static int end(void **state) {
  if (second)
    detach_second();
  return peer_end(state);
}

static bool is_running(struct recorder *recorder) {
  return recorder_wait_state(recorder, ORIEL_SOURCE_RUNNING, "fake runs", PATIENCE_MS);
}

static void meet(bool has_audio) {
  peer_meet(&(struct fake_qemu_options){.two_consoles = true, .absolute = true, .has_audio = has_audio});
  attach_second();
  assert_true(is_running(&second_recorder));
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_SECOND, 1));
  assert_true(fake_qemu_wait_log(test.fake, "1:Release(6,)"));
}

/* Of one colour. */
static GVariant *picture(int fill) {
  return g_variant_new("(uuuu@ay)", 64, 48, 256, X8R8G8B8, peer_bytes(256 * 48, fill));
}

/* On a console's listener. */
static void show(unsigned which, int fill) {
  char *refused = fake_qemu_call(test.fake, which, LISTENER, "Scanout", picture(fill), NULL);
  assert_null(refused);
}

/* The first pixel of a source's picture. */
static uint8_t seen(struct oriel_source *source) {
  struct oriel_surface_view view;
  oriel_surface_lock(oriel_source_surface(source), NULL, &view);
  const uint8_t pixel = view.bgrx ? view.bgrx[0] : 0;
  oriel_surface_unlock(oriel_source_surface(source), NULL);
  return pixel;
}

static void heads_have_pictures_of_their_own(void **state) {
  (void)state;
  meet(false);
  const unsigned before = recorder_damages(&test.recorder), second_before = recorder_damages(&second_recorder);
  show(FAKE_DISPLAY, 0x11);
  assert_true(recorder_wait_damage(&test.recorder, before, PATIENCE_MS));
  show(FAKE_SECOND, 0x22);
  assert_true(recorder_wait_damage(&second_recorder, second_before, PATIENCE_MS));
  assert_int_equal(seen(test.source), 0x11);
  assert_int_equal(seen(second), 0x22);
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 1); /* it would drop the first */
  assert_int_equal(fake_qemu_count(test.fake, "qmp qmp_capabilities"), 1);
}

static void heads_have_input_and_size_of_their_own(void **state) {
  (void)state;
  meet(false);
  const struct oriel_input key = {.type = ORIEL_INPUT_KEY, .key = {KEY_A, true}};
  const struct oriel_input pointer = {.type = ORIEL_INPUT_POINTER, .pointer = {5, 6}};
  oriel_source_input(second, &key);
  assert_true(fake_qemu_wait_log(test.fake, "\n1:Press(30,)"));
  assert_int_equal(fake_qemu_count(test.fake, "Press("), 0);
  oriel_source_input(test.source, &pointer);
  assert_true(fake_qemu_wait_log(test.fake, "\nSetAbsPosition("));
  assert_int_equal(fake_qemu_count(test.fake, "1:SetAbsPosition"), 0);
  assert_int_equal(oriel_source_resize(second, 800, 600), 0);
  assert_true(fake_qemu_wait_log(test.fake, "\n1:SetUIInfo"));
  assert_int_equal(fake_qemu_count(test.fake, "SetUIInfo"), 0);
}

static bool is_relative(const struct recorder *recorder, const void *want) {
  (void)want;
  return !recorder->absolute;
}

static void heads_hear_of_their_own_console(void **state) {
  (void)state;
  meet(false);
  fake_qemu_property_of(test.fake, 1, "org.qemu.Display1.Mouse", "IsAbsolute", g_variant_new_boolean(FALSE));
  assert_true(recorder_wait(&second_recorder, is_relative, NULL, PATIENCE_MS));
  pthread_mutex_lock(&test.recorder.lock);
  assert_true(test.recorder.absolute);
  pthread_mutex_unlock(&test.recorder.lock);
}

/* What the first holds down is released, and the second goes on: neither told of anything, nor connected anew. */
static void heads_go_on_when_one_leaves(void **state) {
  (void)state;
  meet(false);
  const struct oriel_input key = {.type = ORIEL_INPUT_KEY, .key = {KEY_A, true}};
  oriel_source_input(test.source, &key);
  assert_true(fake_qemu_wait_log(test.fake, "\nPress(30,)"));
  const unsigned released = fake_qemu_count(test.fake, "Release(30,)"), states = second_recorder.states;
  detach_first();
  assert_int_equal(fake_qemu_count(test.fake, "Release(30,)"), released + 1);
  for (int fill = 1; fill < 20; fill++) {
    const unsigned before = recorder_damages(&second_recorder);
    show(FAKE_SECOND, fill);
    assert_true(recorder_wait_damage(&second_recorder, before, PATIENCE_MS));
  }
  oriel_source_input(second, &key);
  assert_true(fake_qemu_wait_log(test.fake, "\n1:Press(30,)"));
  assert_int_equal(second_recorder.states, states);
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 1);
  assert_int_equal(fake_qemu_count(test.fake, "qmp chardev-remove"), 0);
}

/* Pictures of the one come all the while the other comes and goes. */
static void heads_draw_while_others_come_and_go(void **state) {
  (void)state;
  meet(false);
  for (int round = 0; round < 5; round++) {
    const unsigned before = recorder_damages(&test.recorder);
    detach_second();
    show(FAKE_DISPLAY, 2 * round + 1);
    assert_true(recorder_wait_damage(&test.recorder, before, PATIENCE_MS));
    attach_second();
    show(FAKE_DISPLAY, 2 * round + 2);
    assert_int_equal(seen(test.source), 2 * round + 2);
    assert_true(is_running(&second_recorder));
    assert_true(fake_qemu_wait_listener(test.fake, FAKE_SECOND, (unsigned)round + 2));
  }
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 1);
}

static void heads_come_back_together(void **state) {
  (void)state;
  meet(false);
  fake_qemu_stop(test.fake);
  test.fake = NULL;
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_GONE, NULL, PATIENCE_MS));
  assert_true(recorder_wait_state(&second_recorder, ORIEL_SOURCE_GONE, NULL, PATIENCE_MS));
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.two_consoles = true});
  assert_true(is_running(&test.recorder));
  assert_true(is_running(&second_recorder));
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 1));
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_SECOND, 1));
  show(FAKE_SECOND, 0x33);
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 1);
}

/* The last one lets others have the VM; whoever comes then begins anew. */
static void heads_detach_with_the_last(void **state) {
  (void)state;
  meet(false);
  detach_first();
  detach_second();
  assert_true(fake_qemu_wait_log(test.fake, "qmp chardev-remove"));
  peer_attach();
  assert_true(is_running(&test.recorder));
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 2);
}

/* A console that is missing is the matter of who wants it. */
static void heads_of_a_machine_with_one(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  attach_second();
  assert_true(recorder_wait_state(&second_recorder, ORIEL_SOURCE_CONNECTING, "no console 1", PATIENCE_MS));
  show(FAKE_DISPLAY, 0x44);
  assert_int_equal(seen(test.source), 0x44);
  assert_true(is_running(&test.recorder));
}

static bool has_heard(const struct recorder *recorder, const void *want) {
  return recorder->frames >= *(const uint64_t *)want;
}

static void play(void) {
  char *refused = fake_qemu_call(test.fake, FAKE_SOUND, "org.qemu.Display1.AudioOutListener", "Write",
                                 g_variant_new("(t@ay)", (guint64)1, peer_bytes(1920, 1)), NULL);
  assert_null(refused);
}

/* Sound is taken once, and whoever asks for it gets all of it. */
static void heads_share_sound(void **state) {
  (void)state;
  meet(true);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_SOUND, 1));
  assert_null(fake_qemu_call(test.fake, FAKE_SOUND, "org.qemu.Display1.AudioOutListener", "Init",
                             peer_pcm(1, 16, 48000, 2, false), NULL));
  const uint64_t once = 480, twice = 960;
  play();
  assert_true(recorder_wait(&test.recorder, has_heard, &once, PATIENCE_MS));
  assert_int_equal(second_recorder.frames, 0); /* it did not ask */
  oriel_source_watch(second, ORIEL_WATCH_ALL);
  oriel_source_command(second, ORIEL_COMMAND_RESUME); /* comes after */
  assert_true(fake_qemu_wait_log(test.fake, "qmp cont"));
  play();
  assert_true(recorder_wait(&second_recorder, has_heard, &once, PATIENCE_MS));
  assert_true(recorder_wait(&test.recorder, has_heard, &twice, PATIENCE_MS));
  assert_int_equal(fake_qemu_count(test.fake, "RegisterOutListener"), 1);
}

static bool is_taken(const struct recorder *recorder, const void *want) {
  (void)want;
  return recorder->use == ORIEL_MICROPHONE_TAKEN;
}

/* The guest hears one of them at a time, and all are told that it listens: also who comes later. */
static void heads_share_the_microphone(void **state) {
  (void)state;
  meet(true);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_MICROPHONE, 1));
  assert_null(fake_qemu_call(test.fake, FAKE_MICROPHONE, in_listener, "Init", peer_pcm(1, 16, 48000, 2, false), NULL));
  assert_null(fake_qemu_call(test.fake, FAKE_MICROPHONE, in_listener, "SetEnabled",
                             g_variant_new("(tb)", (guint64)1, TRUE), NULL));
  assert_true(recorder_wait(&test.recorder, is_taken, NULL, PATIENCE_MS));
  detach_second();
  attach_second();
  assert_true(recorder_wait(&second_recorder, is_taken, NULL, PATIENCE_MS));
  struct oriel_opus_encoder *encoder;
  struct oriel_packet *packet;
  const float quiet[2 * 480] = {0};
  assert_int_equal(oriel_opus_encoder_create(10, 96, &encoder), 0);
  assert_int_equal(oriel_opus_encode(encoder, quiet, oriel_clock_ns(), &packet), 0);
  struct oriel_microphone spoken = {.opus = packet->data, .size = packet->size, .sequence = 1};
  const struct oriel_microphone silent = {.size = 0};
  assert_int_equal(oriel_source_microphone(test.source, &spoken), 0);
  assert_int_equal(oriel_source_microphone(second, &spoken), -ENOTCONN);
  (void)oriel_source_microphone(second, &silent); /* ends nothing of the other's */
  spoken.sequence++;
  assert_int_equal(oriel_source_microphone(test.source, &spoken), 0);
  (void)oriel_source_microphone(test.source, &silent);
  assert_int_equal(oriel_source_microphone(second, &spoken), 0);
  oriel_packet_unref(packet);
  oriel_opus_encoder_destroy(encoder);
}

/* --- which heads there are ---------------------------------------------------------------------------------------- */

static struct {
  pthread_mutex_t lock; /* guards used */
  pthread_cond_t changed;
  uint32_t used;
} scan = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void on_used(void *user, uint32_t used) {
  (void)user;
  pthread_mutex_lock(&scan.lock);
  scan.used = used;
  pthread_cond_signal(&scan.changed);
  pthread_mutex_unlock(&scan.lock);
}

static bool wait_used(uint32_t used) {
  struct timespec end_time;
  clock_gettime(CLOCK_REALTIME, &end_time);
  end_time.tv_sec += 2 * PATIENCE_MS / 1000;
  pthread_mutex_lock(&scan.lock);
  while (scan.used != used && !pthread_cond_timedwait(&scan.changed, &scan.lock, &end_time))
    ;
  const bool yes = scan.used == used;
  pthread_mutex_unlock(&scan.lock);
  return yes;
}

/* The next look of the scan, which is registration number `count`, sees this; NULL: a display that is off. */
static void shown_to_look(unsigned count, GVariant *what) {
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_SECOND, count));
  char *refused = fake_qemu_call(test.fake, FAKE_SECOND, LISTENER, what ? "Scanout" : "Disable", what, NULL);
  assert_null(refused);
}

/* A console that is switched off has a monitor plugged in, appears when the guest uses it, and goes when it has been
 * off for two looks; one that somebody shows stays. */
static void heads_come_and_go_as_the_guest_uses_them(void **state) {
  (void)state;
  struct oriel_source_heads *heads;
  char address[96];
  scan.used = 0;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.two_consoles = true});
  snprintf(address, sizeof address, "qemu:%s?console=all", test.path);
  assert_int_equal(oriel_source_heads_create(address, on_used, NULL, &heads), 0);
  shown_to_look(1, NULL);
  assert_true(fake_qemu_wait_log(test.fake, "\n1:SetUIInfo(338, 211, 0, 0, 1280, 800)"));
  fake_qemu_property_of(test.fake, 1, "org.qemu.Display1.Console", "Width", g_variant_new_uint32(1279));
  shown_to_look(2, NULL); /* the guest has missed it: once more, and that is all */
  assert_true(fake_qemu_wait_log(test.fake, "\n1:SetUIInfo(339, 211, 0, 0, 1280, 800)"));
  fake_qemu_property_of(test.fake, 1, "org.qemu.Display1.Console", "Width", g_variant_new_uint32(1280));
  shown_to_look(3, picture(0x55));
  assert_true(wait_used(1u << 1));
  attach_second();
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_SECOND, 4)); /* the head's own: no looks while it is there */
  fake_qemu_property_of(test.fake, 1, "org.qemu.Display1.Console", "Width", g_variant_new_uint32(640));
  detach_second();
  shown_to_look(5, NULL);
  fake_qemu_property_of(test.fake, 1, "org.qemu.Display1.Console", "Width", g_variant_new_uint32(641));
  shown_to_look(6, NULL);
  assert_true(wait_used(0));
  assert_int_equal(fake_qemu_count(test.fake, "1:SetUIInfo"), 2); /* the guest's own doing is let be */
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 1);
  oriel_source_heads_destroy(heads);
}

/* Ended in the middle of a look, and with a QEMU that is not there. */
static void heads_are_watched_for_a_moment(void **state) {
  (void)state;
  struct oriel_source_heads *heads;
  char address[96];
  snprintf(address, sizeof address, "qemu:%s?console=all", test.path);
  assert_int_equal(oriel_source_heads_create(address, on_used, NULL, &heads), 0);
  oriel_source_heads_destroy(heads);
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.two_consoles = true});
  assert_int_equal(oriel_source_heads_create(address, on_used, NULL, &heads), 0);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_SECOND, 1));
  oriel_source_heads_destroy(heads);
  assert_int_equal(oriel_source_heads_create("pattern:", on_used, NULL, &heads), -EINVAL);
}

/* Created and never started, beside one that runs. */
static void heads_that_never_begin(void **state) {
  (void)state;
  char address[96], why[160];
  struct oriel_source *idle;
  peer_meet(&(struct fake_qemu_options){.two_consoles = true});
  snprintf(address, sizeof address, "qemu:%s?console=1", test.path);
  assert_int_equal(oriel_source_create(address, &idle, why, sizeof why), 0);
  oriel_source_watch(idle, ORIEL_WATCH_ALL);
  oriel_source_destroy(idle);
  assert_true(is_running(&test.recorder));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(heads_have_pictures_of_their_own, begin, end),
    cmocka_unit_test_setup_teardown(heads_have_input_and_size_of_their_own, begin, end),
    cmocka_unit_test_setup_teardown(heads_hear_of_their_own_console, begin, end),
    cmocka_unit_test_setup_teardown(heads_go_on_when_one_leaves, begin, end),
    cmocka_unit_test_setup_teardown(heads_draw_while_others_come_and_go, begin, end),
    cmocka_unit_test_setup_teardown(heads_come_back_together, begin, end),
    cmocka_unit_test_setup_teardown(heads_detach_with_the_last, begin, end),
    cmocka_unit_test_setup_teardown(heads_of_a_machine_with_one, begin, end),
    cmocka_unit_test_setup_teardown(heads_share_sound, begin, end),
    cmocka_unit_test_setup_teardown(heads_share_the_microphone, begin, end),
    cmocka_unit_test_setup_teardown(heads_that_never_begin, begin, end),
    cmocka_unit_test_setup_teardown(heads_come_and_go_as_the_guest_uses_them, begin, end),
    cmocka_unit_test_setup_teardown(heads_are_watched_for_a_moment, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
