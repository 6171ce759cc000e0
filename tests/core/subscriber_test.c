/* SPDX-License-Identifier: MIT
 *
 * core/subscriber: for each state and each kind of packet, what becomes of both.
 */
#include "core/subscriber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

enum kind { NOTHING, KEY, VIDEO, TILES, REFINEMENT };
enum { KINDS = 5 };

static bool room;

static bool has_room(const struct oriel_subscriber *subscriber, uint64_t now_ns) {
  (void)subscriber;
  (void)now_ns;
  return room;
}

static const struct oriel_subscriber_impl impl = {.has_room = has_room};

static struct oriel_packet *make(enum kind kind) {
  const bool video = kind == KEY || kind == VIDEO;
  struct oriel_packet *packet = oriel_packet_create(video ? ORIEL_PACKET_VIDEO : ORIEL_PACKET_TILES, 1);
  assert_non_null(packet);
  packet->key = kind == KEY;
  packet->partly = kind == VIDEO;
  packet->sharpening = kind == REFINEMENT;
  packet->encoded_ns = start;
  if (kind == REFINEMENT)
    oriel_damage_add(&packet->part, (struct oriel_rect){0, 0, 8, 8});
  return packet;
}

static enum kind kind_of(const struct oriel_packet *packet) {
  if (!packet)
    return NOTHING;
  if (packet->kind == ORIEL_PACKET_VIDEO)
    return packet->key ? KEY : VIDEO;
  return packet->sharpening ? REFINEMENT : TILES;
}

static void offer(struct oriel_subscriber *subscriber, enum kind kind) {
  struct oriel_packet *packet = make(kind);
  assert_false(oriel_subscriber_offer(subscriber, packet, start));
  oriel_packet_unref(packet);
}

static struct oriel_subscriber begin(enum oriel_sync sync, enum kind waits) {
  struct oriel_subscriber subscriber;
  oriel_subscriber_init(&subscriber, &impl);
  subscriber.looks = subscriber.draws_parts = true;
  subscriber.sync = sync;
  subscriber.waiting = waits == NOTHING ? NULL : make(waits);
  room = true;
  return subscriber;
}

/* What it had, what waits for it, what comes; then: what waits, what it needs, how many pictures were left out. */
static const struct {
  enum oriel_sync sync;
  enum kind waits, comes, then_waits;
  enum oriel_sync then;
  unsigned left_out;
  bool missed; /* a part of the refinement */
} transitions[] = {
  {ORIEL_SYNC_NEEDS_KEY, NOTHING, KEY, KEY, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_NEEDS_KEY, NOTHING, VIDEO, NOTHING, ORIEL_SYNC_NEEDS_KEY, 1, false},
  {ORIEL_SYNC_NEEDS_KEY, NOTHING, TILES, NOTHING, ORIEL_SYNC_NEEDS_KEY, 1, false},
  {ORIEL_SYNC_NEEDS_KEY, NOTHING, REFINEMENT, NOTHING, ORIEL_SYNC_NEEDS_KEY, 0, true},
  {ORIEL_SYNC_NEEDS_VIDEO, NOTHING, KEY, KEY, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_NEEDS_VIDEO, NOTHING, VIDEO, VIDEO, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_NEEDS_VIDEO, NOTHING, TILES, NOTHING, ORIEL_SYNC_NEEDS_VIDEO, 1, false},
  {ORIEL_SYNC_NEEDS_VIDEO, NOTHING, REFINEMENT, NOTHING, ORIEL_SYNC_NEEDS_VIDEO, 0, true},
  {ORIEL_SYNC_NEEDS_VIDEO, TILES, VIDEO, VIDEO, ORIEL_SYNC_IN_SYNC, 1, false},
  {ORIEL_SYNC_NEEDS_VIDEO, TILES, KEY, KEY, ORIEL_SYNC_IN_SYNC, 1, false},
  {ORIEL_SYNC_NEEDS_VIDEO, VIDEO, VIDEO, NOTHING, ORIEL_SYNC_NEEDS_KEY, 2, false},
  {ORIEL_SYNC_IN_SYNC, NOTHING, KEY, KEY, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_IN_SYNC, NOTHING, VIDEO, VIDEO, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_IN_SYNC, NOTHING, TILES, TILES, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_IN_SYNC, NOTHING, REFINEMENT, REFINEMENT, ORIEL_SYNC_IN_SYNC, 0, false},
  {ORIEL_SYNC_IN_SYNC, KEY, KEY, KEY, ORIEL_SYNC_IN_SYNC, 1, false},
  {ORIEL_SYNC_IN_SYNC, KEY, VIDEO, NOTHING, ORIEL_SYNC_NEEDS_KEY, 2, false},
  {ORIEL_SYNC_IN_SYNC, KEY, TILES, KEY, ORIEL_SYNC_NEEDS_VIDEO, 1, false},
  {ORIEL_SYNC_IN_SYNC, KEY, REFINEMENT, KEY, ORIEL_SYNC_IN_SYNC, 0, true},
  {ORIEL_SYNC_IN_SYNC, VIDEO, KEY, KEY, ORIEL_SYNC_IN_SYNC, 1, false},
  {ORIEL_SYNC_IN_SYNC, VIDEO, VIDEO, NOTHING, ORIEL_SYNC_NEEDS_KEY, 2, false},
  {ORIEL_SYNC_IN_SYNC, VIDEO, TILES, VIDEO, ORIEL_SYNC_NEEDS_VIDEO, 1, false},
  {ORIEL_SYNC_IN_SYNC, VIDEO, REFINEMENT, VIDEO, ORIEL_SYNC_IN_SYNC, 0, true},
  {ORIEL_SYNC_IN_SYNC, TILES, KEY, KEY, ORIEL_SYNC_IN_SYNC, 1, false},
  {ORIEL_SYNC_IN_SYNC, TILES, VIDEO, VIDEO, ORIEL_SYNC_IN_SYNC, 1, false},
  {ORIEL_SYNC_IN_SYNC, TILES, TILES, TILES, ORIEL_SYNC_NEEDS_VIDEO, 1, false},
  {ORIEL_SYNC_IN_SYNC, TILES, REFINEMENT, TILES, ORIEL_SYNC_IN_SYNC, 0, true},
  {ORIEL_SYNC_IN_SYNC, REFINEMENT, KEY, KEY, ORIEL_SYNC_IN_SYNC, 1, false}, /* which covers it */
  {ORIEL_SYNC_IN_SYNC, REFINEMENT, VIDEO, VIDEO, ORIEL_SYNC_IN_SYNC, 0, true},
  {ORIEL_SYNC_IN_SYNC, REFINEMENT, TILES, TILES, ORIEL_SYNC_IN_SYNC, 0, true},
  {ORIEL_SYNC_IN_SYNC, REFINEMENT, REFINEMENT, REFINEMENT, ORIEL_SYNC_IN_SYNC, 0, true},
};

static void each_packet_fits_or_breaks_the_sequence(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
    struct oriel_subscriber subscriber = begin(transitions[i].sync, transitions[i].waits);
    offer(&subscriber, transitions[i].comes);
    if (kind_of(subscriber.waiting) != transitions[i].then_waits || subscriber.sync != transitions[i].then ||
        subscriber.left_out != transitions[i].left_out ||
        oriel_damage_empty(&subscriber.unrefined) == transitions[i].missed)
      fail_msg("transition %zu: waits %d, needs %d, left out %u", i, kind_of(subscriber.waiting), subscriber.sync,
               (unsigned)subscriber.left_out);
    oriel_subscriber_finish(&subscriber);
  }
}

static void one_that_does_not_look_takes_nothing(void **state) {
  (void)state;
  for (int kind = KEY; kind < KINDS; kind++) {
    struct oriel_subscriber subscriber = begin(ORIEL_SYNC_IN_SYNC, NOTHING);
    subscriber.looks = false;
    offer(&subscriber, (enum kind)kind);
    assert_null(subscriber.waiting);
    assert_int_equal(subscriber.left_out, 0);
    assert_false(oriel_subscriber_is_ready(&subscriber, start));
  }
}

/* Who broke off and took nothing since, or whose line is full, gets no key frame: it would be made for nobody. */
static void broken_one_is_told_and_waits_for_room(void **state) {
  (void)state;
  struct oriel_subscriber subscriber = begin(ORIEL_SYNC_IN_SYNC, VIDEO);
  offer(&subscriber, VIDEO);
  assert_true(subscriber.skip_due && subscriber.is_skipping && subscriber.is_stuck);
  assert_int_equal(subscriber.breaks, 1);
  assert_false(oriel_subscriber_is_ready(&subscriber, start));
  offer(&subscriber, KEY);
  assert_null(subscriber.waiting);
  subscriber.is_stuck = false; /* it took something */
  room = false;
  offer(&subscriber, KEY);
  assert_null(subscriber.waiting);
  room = true;
  subscriber.skip_due = false; /* it was told */
  offer(&subscriber, KEY);
  assert_int_equal(kind_of(subscriber.waiting), KEY);
  assert_true(subscriber.skip_due); /* of what was left out since */
  assert_false(subscriber.is_skipping);
  oriel_subscriber_finish(&subscriber);
}

/* Of a picture that is drawn wholly everything is owed anew: what was missed before is no matter any more. */
static void whole_picture_ends_what_was_missed(void **state) {
  (void)state;
  struct oriel_subscriber subscriber = begin(ORIEL_SYNC_IN_SYNC, VIDEO);
  offer(&subscriber, REFINEMENT);
  assert_false(oriel_damage_empty(&subscriber.unrefined));
  oriel_packet_unref(oriel_subscriber_take(&subscriber));
  offer(&subscriber, VIDEO);
  assert_false(oriel_damage_empty(&subscriber.unrefined)); /* a part of another place */
  offer(&subscriber, KEY);
  assert_true(oriel_damage_empty(&subscriber.unrefined));
  oriel_subscriber_finish(&subscriber);
}

static void key_frame_is_handed_over_once(void **state) {
  (void)state;
  struct oriel_subscriber subscriber = begin(ORIEL_SYNC_NEEDS_KEY, NOTHING);
  struct oriel_packet *key = make(KEY);
  oriel_subscriber_hand_over(&subscriber, key);
  assert_ptr_equal(subscriber.waiting, key);
  assert_true(subscriber.was_handed);
  struct oriel_packet *taken = oriel_subscriber_take(&subscriber);
  assert_ptr_equal(taken, key);
  assert_null(oriel_subscriber_take(&subscriber));
  oriel_subscriber_hand_over(&subscriber, key); /* it is in sync */
  assert_null(subscriber.waiting);
  oriel_packet_unref(taken);
  oriel_packet_unref(key);
}

static void content_one_waits_but_for_news(void **state) {
  (void)state;
  struct oriel_subscriber subscriber = begin(ORIEL_SYNC_NEEDS_KEY, NOTHING);
  subscriber.key_after_ns = start;
  assert_int_equal(oriel_subscriber_key_ns(&subscriber, false), start);
  subscriber.content_until_ns = start + 100 * MS;
  assert_int_equal(oriel_subscriber_key_ns(&subscriber, false), start + 100 * MS);
  assert_int_equal(oriel_subscriber_key_ns(&subscriber, true), start);
}

static void drawing_all_is_said(void **state) {
  (void)state;
  struct oriel_subscriber subscriber = begin(ORIEL_SYNC_IN_SYNC, NOTHING);
  struct oriel_packet *packet = make(VIDEO);
  subscriber.draws_parts = false;
  assert_true(oriel_subscriber_offer(&subscriber, packet, start));
  assert_false(oriel_subscriber_offer(&subscriber, packet, start)); /* it broke, and draws nothing */
  oriel_subscriber_finish(&subscriber);
  subscriber = begin(ORIEL_SYNC_IN_SYNC, NOTHING);
  assert_false(oriel_subscriber_offer(&subscriber, packet, start));
  oriel_packet_unref(packet);
  oriel_subscriber_finish(&subscriber);
}

static void backoff_grows_for_chronic_laggards_only(void **state) {
  (void)state;
  struct oriel_backoff backoff = {0};
  uint64_t now = start;
  const unsigned seconds[] = {0, 1, 2, 4, 4};
  for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++, now += 5 * ORIEL_NS_PER_SECOND)
    assert_true(oriel_backoff_break(&backoff, now) == now + seconds[i] * ORIEL_NS_PER_SECOND);
  now += 20 * ORIEL_NS_PER_SECOND;
  assert_true(oriel_backoff_break(&backoff, now) == now);
}

/* Where others take tiles, one that takes none is left out until the next video picture, which covers them, and owes
 * nobody anything of refinement. */
static void one_without_tiles_goes_on_with_video(void **state) {
  (void)state;
  struct oriel_subscriber subscriber = begin(ORIEL_SYNC_IN_SYNC, NOTHING);
  subscriber.no_tiles = true;
  offer(&subscriber, REFINEMENT);
  assert_int_equal(subscriber.sync, ORIEL_SYNC_IN_SYNC);
  assert_true(oriel_damage_empty(&subscriber.unrefined));
  offer(&subscriber, TILES);
  assert_null(subscriber.waiting);
  assert_int_equal(subscriber.sync, ORIEL_SYNC_NEEDS_VIDEO);
  offer(&subscriber, VIDEO); /* of which it draws all, and that is nobody's concern */
  assert_int_equal(kind_of(subscriber.waiting), VIDEO);
  assert_int_equal(subscriber.sync, ORIEL_SYNC_IN_SYNC);
  offer(&subscriber, TILES);
  assert_int_equal(kind_of(subscriber.waiting), VIDEO);
  oriel_subscriber_finish(&subscriber);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_packet_fits_or_breaks_the_sequence),
    cmocka_unit_test(one_that_does_not_look_takes_nothing),
    cmocka_unit_test(broken_one_is_told_and_waits_for_room),
    cmocka_unit_test(whole_picture_ends_what_was_missed),
    cmocka_unit_test(key_frame_is_handed_over_once),
    cmocka_unit_test(content_one_waits_but_for_news),
    cmocka_unit_test(drawing_all_is_said),
    cmocka_unit_test(one_without_tiles_goes_on_with_video),
    cmocka_unit_test(backoff_grows_for_chronic_laggards_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
