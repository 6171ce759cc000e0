/* SPDX-License-Identifier: MIT
 *
 * desktop/controls: who comes to the controls how, and who hears of it. No threads; times are set, not waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

static int set_up(void **state) {
  fake_set_up(state);
  const struct fake_fixture *fixture = *state;
  fixture->desktop->config.control = ORIEL_CONTROL_ASK;
  return 0;
}

static struct oriel_viewer *join(struct fake_fixture *fixture, uint64_t owner, bool watcher) {
  const struct oriel_viewer_config config = {
    .role = ORIEL_ROLE_CONTROLLER, .video = true, .owner = owner, .watcher = watcher};
  struct oriel_viewer *viewer = NULL;
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &viewer), 0);
  return viewer;
}

static void press(struct oriel_viewer *viewer) {
  oriel_viewer_input(viewer, &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {.usage = 4, .pressed = true}});
}

/** Ten seconds pass without input, as the desktop sees it. */
static void idle(struct fake_fixture *fixture) {
  fixture->desktop->hub.input_ns -= 10 * ORIEL_NS_PER_SECOND;
}

static void look(struct fake_fixture *fixture) {
  oriel_desktop_look(fixture->desktop, oriel_clock_ns());
}

/** The newest news of the controls; type NONE when there is none. */
static struct oriel_delivery controls_of(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery, found = {0};
  while (oriel_viewer_next(viewer, &delivery)) {
    if (delivery.type == ORIEL_DELIVERY_CONTROLS)
      found = delivery;
    oriel_packet_unref(delivery.packet);
  }
  return found;
}

static void newcomer_waits_while_they_are_used(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false);
  press(first);
  struct oriel_viewer *second = join(fixture, 0, false);
  assert_true(oriel_viewer_controls(first));
  struct oriel_delivery seen = controls_of(second);
  assert_int_equal(seen.controls.holder, oriel_viewer_id(first));
  assert_string_equal(seen.controls.holder_name, "Viewer 1");
  assert_int_equal(seen.controls.asker, 0); /* it did not ask by itself: nobody is pressed by a page that opens */
  assert_int_equal(seen.controls.way, ORIEL_CONTROL_ASK);
  assert_int_equal(controls_of(first).controls.asker, 0);
  idle(fixture);
  look(fixture);
  assert_true(oriel_viewer_controls(first));
  oriel_viewer_detach(first); /* then the one who waits has them */
  assert_true(oriel_viewer_controls(second));
}

static void newcomer_gets_them_from_an_idle_holder(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false);
  press(first);
  idle(fixture);
  struct oriel_viewer *second = join(fixture, 0, false);
  assert_true(oriel_viewer_controls(second));
  assert_int_equal(fixture->fake.releases, 1); /* the key that first held */
}

/** Takes all that waits; the places of two types among it, counted from 1; 0 = did not come. */
static void places_of(struct oriel_viewer *viewer, struct oriel_delivery *typed, unsigned *typed_at,
                      unsigned *role_at) {
  struct oriel_delivery delivery;
  *typed_at = *role_at = 0;
  for (unsigned at = 1; oriel_viewer_next(viewer, &delivery); at++) {
    if (delivery.type == ORIEL_DELIVERY_TYPED)
      *typed = delivery, *typed_at = at;
    if (delivery.type == ORIEL_DELIVERY_ROLE)
      *role_at = at;
    oriel_packet_unref(delivery.packet);
  }
}

/* How far a text came is told before the news that its sender has no controls, after which the page forgets it. */
static void who_loses_them_is_told_how_far_its_text_came(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false);
  struct oriel_delivery typed = {0};
  unsigned typed_at, role_at;
  places_of(first, &typed, &typed_at, &role_at);
  const struct oriel_stroke strokes[] = {{4, true}, {4, false}};
  oriel_viewer_input(first, &(struct oriel_input){.type = ORIEL_INPUT_TEXT, .text = {strokes, 2, 5}});
  idle(fixture);
  struct oriel_viewer *second = join(fixture, 0, false);
  assert_true(oriel_viewer_controls(second));
  assert_int_equal(fixture->fake.releases, 1); /* upon which the source drops the text */
  const struct oriel_source_sink *sink = &fixture->desktop->sink;
  sink->typed(sink->user, (uint64_t)oriel_viewer_id(first) << 32 | 5, 30);
  sink->typed(sink->user, (uint64_t)oriel_viewer_id(first) << 32 | 6, 2);
  places_of(first, &typed, &typed_at, &role_at);
  assert_true(typed_at && typed_at < role_at);
  assert_int_equal(typed.typed.number, 6);
  assert_int_equal(typed.typed.dropped, 32);
  sink->typed(sink->user, (uint64_t)oriel_viewer_id(first) << 32 | 7, 0);
  places_of(first, &typed, &typed_at, &role_at);
  assert_int_equal(typed.typed.dropped, 0); /* each is told once */
}

static void own_pages_need_no_consent(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 7, false);
  press(first);
  struct oriel_viewer *second = join(fixture, 7, false), *stranger = join(fixture, 8, false);
  assert_true(oriel_viewer_controls(second));
  assert_false(oriel_viewer_controls(stranger));
}

static void holder_is_asked_and_grants(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false), *second = join(fixture, 0, false);
  press(first);
  oriel_viewer_rename(second, "Zo\xC3\xAB\n");
  oriel_viewer_control(second, true);
  struct oriel_delivery seen = controls_of(first);
  assert_int_equal(seen.controls.asker, oriel_viewer_id(second));
  assert_string_equal(seen.controls.asker_name, "Zo\xC3\xAB?");
  assert_int_equal(controls_of(second).controls.asker, oriel_viewer_id(second)); /* it sees that it asks */
  oriel_viewer_answer(second, oriel_viewer_id(second), true); /* not the holder */
  assert_true(oriel_viewer_controls(first));
  oriel_viewer_answer(first, 99, true); /* nobody */
  assert_true(oriel_viewer_controls(first));
  oriel_viewer_answer(first, oriel_viewer_id(second), true);
  assert_true(oriel_viewer_controls(second));
  assert_int_equal(controls_of(second).controls.asker, 0);
  oriel_viewer_detach(second);
  assert_true(oriel_viewer_controls(first)); /* who handed them over is still in line */
}

static void holder_denies_and_is_left_alone(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false), *second = join(fixture, 0, false);
  struct oriel_viewer *third = join(fixture, 0, false);
  press(first);
  oriel_viewer_control(second, true);
  oriel_viewer_answer(first, oriel_viewer_id(second), false);
  assert_int_equal(controls_of(second).controls.asker, 0); /* it was denied */
  oriel_viewer_control(second, true);
  oriel_viewer_control(third, true);
  assert_int_equal(controls_of(first).controls.asker, 0); /* nobody may press it */
  oriel_desktop_look(fixture->desktop, oriel_clock_ns() + 9 * ORIEL_NS_PER_SECOND);
  assert_int_equal(controls_of(first).controls.asker, 0);
  fixture->desktop->hub.input_ns += 5 * ORIEL_NS_PER_SECOND; /* it goes on working */
  oriel_desktop_look(fixture->desktop, oriel_clock_ns() + 11 * ORIEL_NS_PER_SECOND);
  assert_int_equal(controls_of(first).controls.asker, oriel_viewer_id(second));
}

static void holder_who_does_nothing_consents(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false), *second = join(fixture, 0, false);
  struct oriel_viewer *third = join(fixture, 0, false);
  press(first);
  oriel_viewer_control(second, true);
  oriel_viewer_control(third, true);
  for (int i = 0; i < 100; i++)
    oriel_viewer_control(third, true); /* nagging is no way to the front */
  look(fixture);
  assert_true(oriel_viewer_controls(first));
  idle(fixture);
  oriel_viewer_input(first, &(struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL}); /* as a page says that is left */
  look(fixture);
  assert_true(oriel_viewer_controls(second));
  look(fixture);
  assert_true(oriel_viewer_controls(second)); /* which has its own ten seconds */
  idle(fixture);
  look(fixture);
  assert_true(oriel_viewer_controls(third));
}

static void asker_who_gives_up_is_forgotten(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *first = join(fixture, 0, false), *second = join(fixture, 0, false);
  press(first);
  oriel_viewer_control(second, true);
  oriel_viewer_control(second, false);
  assert_int_equal(controls_of(first).controls.asker, 0);
  oriel_viewer_control(second, true);
  oriel_viewer_detach(second);
  assert_int_equal(controls_of(first).controls.asker, 0);
  idle(fixture);
  look(fixture);
  assert_true(oriel_viewer_controls(first));
}

static void fixed_holder_keeps_them(void **state) {
  struct fake_fixture *fixture = *state;
  fixture->desktop->config.control = ORIEL_CONTROL_FIXED;
  struct oriel_viewer *first = join(fixture, 0, false), *second = join(fixture, 0, false);
  struct oriel_viewer *third = join(fixture, 0, false);
  idle(fixture);
  oriel_viewer_control(third, true);
  look(fixture);
  assert_true(oriel_viewer_controls(first));
  assert_int_equal(controls_of(first).controls.asker, 0);
  oriel_viewer_control(first, false);
  assert_true(oriel_viewer_controls(second)); /* who has waited longest */
  oriel_viewer_control(second, false);
  assert_true(oriel_viewer_controls(third));
}

static void watcher_never_has_them(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *watcher = join(fixture, 0, true);
  oriel_viewer_control(watcher, true);
  assert_false(oriel_viewer_controls(watcher));
  assert_true(controls_of(watcher).controls.never);
  press(watcher);
  assert_int_equal(fixture->fake.inputs, 0);
}

/* However fast two play with them, the rest hears of it at looks. */
static void others_hear_of_it_at_the_next_look(void **state) {
  struct fake_fixture *fixture = *state;
  fixture->desktop->config.control = ORIEL_CONTROL_NEWEST;
  struct oriel_viewer *first = join(fixture, 0, false), *second = join(fixture, 0, false);
  struct oriel_viewer *other = join(fixture, 0, true);
  look(fixture);
  fake_drain(other);
  oriel_viewer_control(first, true);
  oriel_viewer_control(second, true);
  oriel_viewer_rename(second, "Somebody else");
  assert_int_equal(controls_of(other).type, ORIEL_DELIVERY_NONE);
  look(fixture);
  struct oriel_delivery seen = controls_of(other);
  assert_int_equal(seen.controls.holder, oriel_viewer_id(second));
  assert_string_equal(seen.controls.holder_name, "Somebody else");
  assert_int_equal(seen.controls.asker, 0);
}

static void names_are_cut_and_never_empty(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = join(fixture, 0, false);
  assert_string_equal(oriel_viewer_name(viewer), "Viewer 1");
  char longest[161];
  for (int i = 0; i < 160; i += 2)
    memcpy(longest + i, "\xC3\xA9", 2);
  longest[160] = '\0';
  oriel_viewer_rename(viewer, longest);
  assert_int_equal(strlen(oriel_viewer_name(viewer)), ORIEL_VIEWER_NAME_MAX);
  oriel_viewer_rename(viewer, "a\xC2\x9B" "2J\x1B\x7F\xC3\xA9"); /* what would clear a terminal */
  assert_string_equal(oriel_viewer_name(viewer), "a?2J??\xC3\xA9");
  oriel_viewer_rename(viewer, "   ");
  assert_string_equal(oriel_viewer_name(viewer), "Viewer 1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, fake_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
    CASE(newcomer_waits_while_they_are_used), CASE(newcomer_gets_them_from_an_idle_holder),
    CASE(who_loses_them_is_told_how_far_its_text_came),
    CASE(own_pages_need_no_consent),          CASE(holder_is_asked_and_grants),
    CASE(holder_denies_and_is_left_alone),    CASE(holder_who_does_nothing_consents),
    CASE(asker_who_gives_up_is_forgotten),    CASE(fixed_holder_keeps_them),
    CASE(watcher_never_has_them),             CASE(others_hear_of_it_at_the_next_look),
    CASE(names_are_cut_and_never_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
