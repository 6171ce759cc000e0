/* SPDX-License-Identifier: MIT
 *
 * desktop/bulletin: each reader hears of what it has not heard, the newest values, and of nothing twice.
 */
#include "desktop/bulletin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

static struct oriel_bulletin bulletin;

static int set_up(void **state) {
  (void)state;
  memset(&bulletin, 0, sizeof bulletin);
  return oriel_bulletin_init(&bulletin);
}

static int tear_down(void **state) {
  (void)state;
  oriel_bulletin_finish(&bulletin);
  return 0;
}

static enum oriel_delivery_type next(struct oriel_bulletin_seen *seen, unsigned notices,
                                     struct oriel_delivery *delivery) {
  memset(delivery, 0, sizeof *delivery);
  const bool due = oriel_bulletin_due(&bulletin, seen, notices);
  assert_int_equal(oriel_bulletin_take(&bulletin, seen, notices, delivery), due);
  return delivery->type;
}

static void new_reader_hears_what_there_is(void **state) {
  (void)state;
  struct oriel_bulletin_seen seen = {.wanted = ORIEL_NOTICES_ALL};
  struct oriel_delivery delivery;
  assert_int_equal(next(&seen, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_STATE);
  assert_true(delivery.state.absolute_pointer);
  assert_int_equal(next(&seen, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_MICROPHONE);
  assert_int_equal(next(&seen, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_NONE);
  struct oriel_bulletin_seen deaf = {.wanted = 1u << ORIEL_NOTICE_VOLUME};
  assert_int_equal(next(&deaf, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_NONE);
}

/* A value that is all zeros is news as long as nothing was said. */
static void first_value_is_news(void **state) {
  (void)state;
  struct oriel_bulletin_seen seen = {.wanted = ORIEL_NOTICES_ALL};
  struct oriel_delivery delivery;
  struct oriel_volume volume;
  memset(&volume, 0, sizeof volume);
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_VOLUME, &delivery), ORIEL_DELIVERY_NONE);
  assert_int_equal(oriel_bulletin_post(&bulletin, ORIEL_FACT_VOLUME, &volume, 1), ORIEL_POSTED_NEWS);
  assert_int_equal(oriel_bulletin_post(&bulletin, ORIEL_FACT_VOLUME, &volume, 1), ORIEL_POSTED_NOTHING);
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_VOLUME, &delivery), ORIEL_DELIVERY_VOLUME);
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_VOLUME, &delivery), ORIEL_DELIVERY_NONE);
}

/* Several facts of one notice and several values of one fact are one message, with the newest of each. */
static void newest_of_each_fact_counts(void **state) {
  (void)state;
  struct oriel_bulletin_seen early = {.wanted = ORIEL_NOTICES_ALL}, late = early;
  struct oriel_delivery delivery;
  assert_int_equal(next(&early, 1u << ORIEL_NOTICE_STATE, &delivery), ORIEL_DELIVERY_STATE);
  const struct oriel_fact_size size = {.width = 640, .height = 480};
  struct oriel_fact_source source;
  memset(&source, 0, sizeof source);
  const bool relative = false;
  (void)oriel_bulletin_post(&bulletin, ORIEL_FACT_SIZE, &size, 1);
  (void)oriel_bulletin_post(&bulletin, ORIEL_FACT_ABSOLUTE_POINTER, &relative, 1);
  source.state = ORIEL_SOURCE_RUNNING;
  (void)oriel_bulletin_post(&bulletin, ORIEL_FACT_SOURCE, &source, 1);
  source.state = ORIEL_SOURCE_PAUSED;
  strcpy(source.detail, "by somebody");
  (void)oriel_bulletin_post(&bulletin, ORIEL_FACT_SOURCE, &source, 1);
  struct oriel_bulletin_seen *readers[] = {&early, &late};
  for (int i = 0; i < 2; i++) {
    assert_int_equal(next(readers[i], 1u << ORIEL_NOTICE_STATE, &delivery), ORIEL_DELIVERY_STATE);
    assert_int_equal(delivery.state.width, 640);
    assert_false(delivery.state.absolute_pointer);
    assert_int_equal(delivery.state.state, ORIEL_SOURCE_PAUSED);
    assert_string_equal(delivery.state.detail, "by somebody");
    assert_int_equal(next(readers[i], 1u << ORIEL_NOTICE_STATE, &delivery), ORIEL_DELIVERY_NONE);
  }
}

static void beyond_its_budget_a_notice_waits(void **state) {
  (void)state;
  struct oriel_bulletin_seen seen = {.wanted = ORIEL_NOTICES_ALL};
  struct oriel_delivery delivery;
  struct oriel_cursor_position position;
  memset(&position, 0, sizeof position);
  const uint64_t now = ORIEL_NS_PER_SECOND;
  uint64_t at = 1;
  assert_false(oriel_bulletin_turn(&bulletin, now, &at));
  assert_int_equal(at, 0);
  assert_int_equal(oriel_bulletin_post(&bulletin, ORIEL_FACT_POSITION, &position, now), ORIEL_POSTED_NEWS);
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_POSITION, &delivery), ORIEL_DELIVERY_CURSOR_POSITION);
  position.x = 1;
  assert_int_equal(oriel_bulletin_post(&bulletin, ORIEL_FACT_POSITION, &position, now), ORIEL_POSTED_LATER);
  position.x = 2;
  assert_int_equal(oriel_bulletin_post(&bulletin, ORIEL_FACT_POSITION, &position, now), ORIEL_POSTED_NOTHING);
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_POSITION, &delivery), ORIEL_DELIVERY_NONE);
  assert_false(oriel_bulletin_turn(&bulletin, now, &at));
  assert_true(at > now);
  assert_true(oriel_bulletin_turn(&bulletin, at, &at));
  assert_int_equal(at, 0);
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_POSITION, &delivery), ORIEL_DELIVERY_CURSOR_POSITION);
  assert_int_equal(delivery.cursor_position.x, 2);
}

/* Versions go round: 0 stays "nothing to tell", and a reader that is a whole round behind hears. */
static void versions_go_round(void **state) {
  (void)state;
  struct oriel_bulletin_seen seen = {.wanted = 1u << ORIEL_NOTICE_VOLUME};
  struct oriel_delivery delivery;
  struct oriel_volume volume;
  memset(&volume, 0, sizeof volume);
  bulletin.version[ORIEL_NOTICE_VOLUME] = UINT32_MAX;
  atomic_store(&bulletin.told, UINT32_MAX);
  assert_int_equal(next(&seen, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_VOLUME);
  volume.left = 0.5f;
  (void)oriel_bulletin_post(&bulletin, ORIEL_FACT_VOLUME, &volume, 1);
  assert_int_equal(bulletin.version[ORIEL_NOTICE_VOLUME], 1);
  assert_int_equal(next(&seen, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_VOLUME);
  assert_int_equal(next(&seen, ORIEL_NOTICES_ALL, &delivery), ORIEL_DELIVERY_NONE);
}

static void cursor_is_kept_for_who_comes_later(void **state) {
  (void)state;
  struct oriel_bulletin_seen seen = {.wanted = ORIEL_NOTICES_ALL};
  struct oriel_delivery delivery;
  struct oriel_packet *shapes[3];
  struct oriel_facts known;
  oriel_bulletin_read(&bulletin, &known);
  assert_false(known.cursor_apart);
  for (int i = 0; i < 3; i++)
    assert_non_null(shapes[i] = oriel_packet_create(ORIEL_PACKET_CURSOR, 300000)); /* more than a second's budget */
  assert_int_equal(oriel_bulletin_post_cursor(&bulletin, shapes[0], 1), ORIEL_POSTED_NEWS);
  oriel_bulletin_read(&bulletin, &known);
  assert_true(known.cursor_apart); /* who shows pictures alone draws one */
  assert_int_equal(oriel_bulletin_post_cursor(&bulletin, shapes[1], 2), ORIEL_POSTED_LATER);
  assert_int_equal(oriel_bulletin_post_cursor(&bulletin, shapes[2], 3), ORIEL_POSTED_NOTHING);
  uint64_t at = 0;
  assert_false(oriel_bulletin_turn(&bulletin, 4, &at));
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_CURSOR, &delivery), ORIEL_DELIVERY_CURSOR);
  assert_ptr_equal(delivery.packet, shapes[0]);
  oriel_packet_unref(delivery.packet);
  assert_true(oriel_bulletin_turn(&bulletin, at, &at));
  assert_int_equal(next(&seen, 1u << ORIEL_NOTICE_CURSOR, &delivery), ORIEL_DELIVERY_CURSOR);
  assert_ptr_equal(delivery.packet, shapes[2]);
  oriel_packet_unref(delivery.packet);
  for (int i = 0; i < 3; i++)
    oriel_packet_unref(shapes[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(new_reader_hears_what_there_is, set_up, tear_down),
    cmocka_unit_test_setup_teardown(first_value_is_news, set_up, tear_down),
    cmocka_unit_test_setup_teardown(newest_of_each_fact_counts, set_up, tear_down),
    cmocka_unit_test_setup_teardown(beyond_its_budget_a_notice_waits, set_up, tear_down),
    cmocka_unit_test_setup_teardown(versions_go_round, set_up, tear_down),
    cmocka_unit_test_setup_teardown(cursor_is_kept_for_who_comes_later, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
