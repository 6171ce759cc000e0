/* SPDX-License-Identifier: MIT
 *
 * Texts of clipboards, both ways: who may, what is an echo, what a newcomer is told. Without the desktop's threads.
 */
#include "desktop/clipboard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

/* An end beside the source's. */
struct end {
  struct oriel_clipboard_end end;
  const struct oriel_clipboard_end_sink *sink;
  struct oriel_packet *text;
  unsigned given, watches;
  bool absent, watched, destroyed;
};

static struct {
  struct fake fake;
  struct end end;
  struct oriel_desktop *desktop;
} test;

static int end_start(struct oriel_clipboard_end *end, const struct oriel_clipboard_end_sink *sink) {
  ((struct end *)end)->sink = sink;
  return 0;
}

static void end_destroy(struct oriel_clipboard_end *end) {
  oriel_packet_unref(((struct end *)end)->text);
  ((struct end *)end)->destroyed = true;
}

static int end_give(struct oriel_clipboard_end *base, struct oriel_packet *text) {
  struct end *end = (struct end *)base;
  if (end->absent)
    return -ENOTCONN;
  oriel_packet_unref(end->text);
  end->text = oriel_packet_ref(text);
  end->given++;
  return 0;
}

static void end_watch(struct oriel_clipboard_end *base, bool wanted) {
  struct end *end = (struct end *)base;
  end->watched = wanted;
  end->watches++;
}

static const struct oriel_clipboard_end_impl end_impl = {
  .start = end_start, .destroy = end_destroy, .give = end_give, .watch = end_watch};

static void begin_with(enum oriel_clipboard_way way) {
  fake_init(&test.fake, 64, 64);
  memset(&test.end, 0, sizeof test.end);
  test.end.end.impl = &end_impl;
  test.fake.clipboard_end = &test.end.end;
  test.fake.clipboard_way = way;
  test.desktop = fake_desktop(&test.fake, "null", false);
  assert_int_equal(oriel_clipboard_start(test.desktop), 0);
  assert_int_equal(oriel_source_start(test.desktop->source, &test.desktop->sink), 0);
}

static int begin(void **state) {
  (void)state;
  begin_with(ORIEL_CLIPBOARD_BOTH);
  return 0;
}

static int begin_to_guest(void **state) {
  (void)state;
  begin_with(ORIEL_CLIPBOARD_TO_GUEST);
  return 0;
}

static int begin_from_guest(void **state) {
  (void)state;
  begin_with(ORIEL_CLIPBOARD_FROM_GUEST);
  return 0;
}

static int begin_closed(void **state) {
  (void)state;
  begin_with(ORIEL_CLIPBOARD_NONE);
  return 0;
}

static int finish(void **state) {
  (void)state;
  fake_end(&test.fake, test.desktop);
  assert_true(test.end.destroyed);
  return 0;
}

static struct oriel_viewer *join_as(enum oriel_role role, uint64_t owner, size_t piece) {
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config config = {
    .role = role, .video = true, .owner = owner, .clipboard_piece = piece};
  assert_int_equal(oriel_viewer_attach(test.desktop, &config, &viewer), 0);
  return viewer;
}

static struct oriel_viewer *join(enum oriel_role role) {
  return join_as(role, 0, 4096);
}

static int paste(struct oriel_viewer *viewer, const char *text) {
  const struct oriel_clipboard_piece piece = {.size = strlen(text), .count = strlen(text), .bytes = text};
  return oriel_viewer_clipboard(viewer, &piece);
}

static void copy_in_guest(const char *text) {
  struct oriel_packet *packet = NULL;
  if (text)
    assert_int_equal(oriel_clipboard_create(text, strlen(text), &packet), 0);
  test.fake.sink->clipboard(test.fake.sink->user, packet);
  oriel_packet_unref(packet);
}

static void copy_at_end(const char *text) {
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_clipboard_create(text, strlen(text), &packet), 0);
  test.end.sink->text(test.end.sink->user, packet);
  oriel_packet_unref(packet);
}

static void guest_has(const char *text) {
  assert_non_null(test.fake.clipboard);
  assert_int_equal(test.fake.clipboard->size, strlen(text));
  assert_memory_equal(test.fake.clipboard->data, text, strlen(text));
}

/* The text in the mailbox, put together; "" when there is none. *kept as its pieces say. */
static const char *told(struct oriel_viewer *viewer, bool *kept) {
  static char text[ORIEL_CLIPBOARD_MAX + 1];
  struct oriel_delivery delivery;
  size_t size = 0;
  while (oriel_viewer_next(viewer, &delivery)) {
    if (delivery.type == ORIEL_DELIVERY_CLIPBOARD) {
      if (delivery.clipboard.offset == 0)
        size = 0;
      assert_int_equal(delivery.clipboard.offset, size);
      memcpy(text + size, delivery.packet->data + size, delivery.clipboard.count);
      size += delivery.clipboard.count;
      if (kept)
        *kept = delivery.clipboard.kept;
    }
    oriel_packet_unref(delivery.packet);
  }
  assert_false(oriel_viewer_pending(viewer));
  text[size] = '\0';
  return text;
}

static struct oriel_clipboard_stats stats(void) {
  struct oriel_clipboard_stats stats;
  oriel_clipboard_stats(&test.desktop->clipboard, &stats);
  return stats;
}

static void only_the_controller_gives_and_is_told(void **state) {
  (void)state;
  struct oriel_viewer *first = join(ORIEL_ROLE_CONTROLLER), *watcher = join(ORIEL_ROLE_VIEWER);
  assert_int_equal(paste(watcher, "no"), -EPERM);
  assert_null(test.fake.clipboard);
  assert_int_equal(paste(first, "yes"), 1);
  guest_has("yes");
  copy_in_guest("from inside");
  bool kept = true;
  assert_string_equal(told(watcher, NULL), "");
  assert_string_equal(told(first, &kept), "from inside");
  assert_false(kept);
  assert_string_equal(told(first, NULL), ""); /* once */
  assert_true(stats().to_guest == 1 && stats().to_guest_bytes == 3 && stats().from_guest == 1 &&
              stats().from_guest_bytes == 11 && stats().refused == 1 && stats().echoes == 0);
}

static void every_end_is_given_a_text(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  assert_int_equal(paste(viewer, "for both"), 1);
  guest_has("for both");
  assert_true(test.end.given == 1 && oriel_clipboard_equal(test.end.text, test.fake.clipboard));
  test.fake.deaf = true;
  assert_int_equal(paste(viewer, "for one"), 1);
  assert_int_equal(test.end.given, 2);
  test.end.absent = true;
  assert_int_equal(paste(viewer, "for none"), -ENOTCONN);
  test.fake.deaf = false;
  assert_int_equal(paste(viewer, "for none"), 1); /* it was not given before, so this is no repetition */
  guest_has("for none");
}

static void what_was_given_does_not_come_back(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  assert_int_equal(paste(viewer, "there"), 1);
  copy_in_guest("there");
  copy_at_end("there");
  assert_string_equal(told(viewer, NULL), "");
  copy_at_end("and back");
  copy_in_guest("and back"); /* the other end tells of the same */
  assert_string_equal(told(viewer, NULL), "and back");
  assert_int_equal(paste(viewer, "and back"), 1);
  assert_int_equal(test.fake.clipboards, 1); /* the guest has it */
  assert_int_equal(stats().echoes, 4);
  /* Later, somebody copies it anew. */
  test.desktop->clipboard.at_ns -= 3 * ORIEL_NS_PER_SECOND;
  copy_in_guest("and back");
  assert_string_equal(told(viewer, NULL), "and back");
}

static void what_the_guest_has_instead_counts(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  assert_int_equal(paste(viewer, "mine"), 1);
  copy_in_guest(NULL); /* a picture, say */
  assert_int_equal(paste(viewer, "mine"), 1);
  assert_int_equal(test.fake.clipboards, 2);
}

static void pieces_make_a_text(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  char *text = malloc(ORIEL_CLIPBOARD_MAX);
  for (size_t i = 0; i < ORIEL_CLIPBOARD_MAX; i++)
    text[i] = (char)('a' + i % 23);
  struct oriel_clipboard_piece piece = {.size = ORIEL_CLIPBOARD_MAX, .count = 8192};
  for (; piece.offset < piece.size; piece.offset += piece.count) {
    piece.bytes = text + piece.offset;
    assert_int_equal(oriel_viewer_clipboard(viewer, &piece), piece.offset + piece.count == piece.size);
  }
  assert_int_equal(test.fake.clipboard->size, ORIEL_CLIPBOARD_MAX);
  assert_memory_equal(test.fake.clipboard->data, text, ORIEL_CLIPBOARD_MAX);
  /* And back, in pieces as well. */
  struct oriel_packet *packet = NULL;
  text[0] = 'A';
  assert_int_equal(oriel_clipboard_create(text, ORIEL_CLIPBOARD_MAX, &packet), 0);
  test.fake.sink->clipboard(test.fake.sink->user, packet);
  oriel_packet_unref(packet);
  assert_memory_equal(told(viewer, NULL), text, ORIEL_CLIPBOARD_MAX);
  free(text);
}

static void pieces_that_do_not_fit(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  struct oriel_clipboard_piece piece = {.size = 10, .offset = 4, .count = 4, .bytes = "abcdefghij"};
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), -EPROTO); /* nothing began */
  piece.offset = 0;
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), 0);
  piece.offset = 5; /* a gap */
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), -EPROTO);
  assert_null(test.desktop->clipboard.draft);
  piece.offset = 0;
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), 0);
  piece.offset = 4;
  piece.size = 9; /* of another text */
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), -EPROTO);
  piece = (struct oriel_clipboard_piece){.size = ORIEL_CLIPBOARD_MAX + 1, .count = 4, .bytes = "abcd"};
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), -EMSGSIZE);
  piece = (struct oriel_clipboard_piece){.size = 0, .count = 0, .bytes = ""};
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), -EPROTO);
  assert_int_equal(paste(viewer, "\xC3"), -EILSEQ);
  assert_null(test.fake.clipboard);
  piece = (struct oriel_clipboard_piece){.size = 100, .count = 4, .bytes = "abcd"};
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), 0);
  assert_int_equal(paste(viewer, "begins anew"), 1);
  guest_has("begins anew");
}

/* A text that is promised takes the memory of what came of it. */
static void promises_take_no_memory(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  const struct oriel_clipboard_piece piece = {.size = ORIEL_CLIPBOARD_MAX, .count = 1, .bytes = "a"};
  assert_int_equal(oriel_viewer_clipboard(viewer, &piece), 0);
  assert_true(test.desktop->clipboard.draft->size <= 4096);
}

static void who_loses_the_controls_gives_no_more(void **state) {
  (void)state;
  struct oriel_viewer *first = join(ORIEL_ROLE_CONTROLLER);
  struct oriel_clipboard_piece piece = {.size = 8, .count = 4, .bytes = "half"};
  assert_int_equal(oriel_viewer_clipboard(first, &piece), 0);
  struct oriel_viewer *second = join(ORIEL_ROLE_CONTROLLER);
  piece.offset = 4;
  assert_int_equal(oriel_viewer_clipboard(first, &piece), -EPERM);
  assert_int_equal(oriel_viewer_clipboard(second, &piece), -EPROTO);
  assert_null(test.fake.clipboard);
}

static void newcomers_are_told_nothing_of_others(void **state) {
  (void)state;
  struct oriel_viewer *first = join_as(ORIEL_ROLE_CONTROLLER, 1, 4);
  copy_in_guest("a password");
  struct oriel_delivery delivery = fake_next_of(&test.fake, first, ORIEL_DELIVERY_CLIPBOARD);
  assert_int_equal(delivery.clipboard.count, 4);
  oriel_packet_unref(delivery.packet);
  struct oriel_viewer *second = join_as(ORIEL_ROLE_CONTROLLER, 2, 4096);
  assert_string_equal(told(second, NULL), "");
  assert_string_equal(told(first, NULL), ""); /* nor is the rest of it told */
  copy_in_guest("of the second");
  bool kept = true;
  assert_string_equal(told(second, &kept), "of the second");
  assert_false(kept);
  assert_string_equal(told(first, NULL), "");
}

static void an_owner_who_comes_again_is_shown_what_there_was(void **state) {
  (void)state;
  struct oriel_viewer *first = join_as(ORIEL_ROLE_CONTROLLER, 1, 4096);
  copy_in_guest("mine");
  assert_string_equal(told(first, NULL), "mine");
  oriel_viewer_detach(first);
  bool kept = false;
  struct oriel_viewer *again = join_as(ORIEL_ROLE_CONTROLLER, 1, 4096);
  assert_string_equal(told(again, &kept), "mine");
  assert_true(kept);
}

static void nothing_is_fetched_for_nobody(void **state) {
  (void)state;
  struct oriel_viewer *watcher = join(ORIEL_ROLE_VIEWER), *deaf = join_as(ORIEL_ROLE_CONTROLLER, 0, 0);
  assert_false(test.fake.watched & ORIEL_WATCH_CLIPBOARD);
  assert_false(test.end.watched);
  copy_in_guest("unseen");
  oriel_viewer_control(deaf, false);
  oriel_viewer_control(watcher, true);
  assert_true(test.fake.watched & ORIEL_WATCH_CLIPBOARD);
  assert_true(test.end.watched);
  assert_string_equal(told(watcher, NULL), "");
  oriel_viewer_control(watcher, false);
  assert_false(test.fake.watched & ORIEL_WATCH_CLIPBOARD);
  assert_false(test.end.watched);
}

static struct oriel_source_abilities abilities(void) {
  struct oriel_source_abilities abilities;
  oriel_desktop_abilities(test.desktop, &abilities);
  return abilities;
}

static void ends_say_whether_they_are_there(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  (void)told(viewer, NULL);
  assert_false(abilities().clipboard_in || abilities().clipboard_out);
  test.end.sink->present(test.end.sink->user, true);
  struct oriel_delivery delivery = fake_next_of(&test.fake, viewer, ORIEL_DELIVERY_ABILITIES);
  assert_true(delivery.abilities.clipboard_in && delivery.abilities.clipboard_out);
  test.end.sink->present(test.end.sink->user, false);
  delivery = fake_next_of(&test.fake, viewer, ORIEL_DELIVERY_ABILITIES);
  assert_false(delivery.abilities.clipboard_in || delivery.abilities.clipboard_out);
  test.fake.sink->abilities(test.fake.sink->user, &(struct oriel_source_abilities){.clipboard_in = true});
  assert_true(abilities().clipboard_in && !abilities().clipboard_out);
}

static void say_that_both_are_there(void) {
  test.end.sink->present(test.end.sink->user, true);
  test.fake.sink->abilities(test.fake.sink->user,
                            &(struct oriel_source_abilities){.clipboard_in = true, .clipboard_out = true});
}

static void only_to_the_guest(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  say_that_both_are_there();
  assert_true(abilities().clipboard_in && !abilities().clipboard_out);
  assert_false(test.fake.watched & ORIEL_WATCH_CLIPBOARD);
  copy_in_guest("stays inside");
  assert_string_equal(told(viewer, NULL), "");
  assert_null(test.desktop->clipboard.text);
  assert_int_equal(paste(viewer, "in"), 1);
  copy_in_guest("stays inside");
  assert_int_equal(paste(viewer, "in"), 1); /* the guest had something else meanwhile */
  assert_int_equal(test.fake.clipboards, 2);
}

static void only_from_the_guest(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  say_that_both_are_there();
  assert_true(!abilities().clipboard_in && abilities().clipboard_out);
  assert_int_equal(paste(viewer, "in"), -EACCES);
  assert_null(test.fake.clipboard);
  copy_in_guest("out");
  assert_string_equal(told(viewer, NULL), "out");
}

static void neither_way(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER);
  say_that_both_are_there();
  assert_false(abilities().clipboard_in || abilities().clipboard_out);
  assert_int_equal(paste(viewer, "in"), -EACCES);
  copy_in_guest("out");
  assert_string_equal(told(viewer, NULL), "");
}

/* A guest that copies all the time: the viewer gets the newest, whole. */
static void the_newest_wins(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join_as(ORIEL_ROLE_CONTROLLER, 0, 3);
  copy_in_guest("one of many");
  struct oriel_delivery delivery = fake_next_of(&test.fake, viewer, ORIEL_DELIVERY_CLIPBOARD);
  const uint32_t number = delivery.clipboard.number;
  oriel_packet_unref(delivery.packet);
  for (int i = 0; i < 1000; i++)
    copy_in_guest(i % 2 ? "odd" : "even");
  copy_in_guest("the last");
  delivery = fake_next_of(&test.fake, viewer, ORIEL_DELIVERY_CLIPBOARD);
  assert_int_equal(delivery.clipboard.offset, 0);
  assert_int_not_equal(delivery.clipboard.number, number);
  assert_memory_equal(delivery.packet->data, "the last", 8);
  oriel_packet_unref(delivery.packet);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void) {
  const struct CMUnitTest tests[] = {
    CASE(only_the_controller_gives_and_is_told),
    CASE(every_end_is_given_a_text),
    CASE(what_was_given_does_not_come_back),
    CASE(what_the_guest_has_instead_counts),
    CASE(pieces_make_a_text),
    CASE(pieces_that_do_not_fit),
    CASE(promises_take_no_memory),
    CASE(who_loses_the_controls_gives_no_more),
    CASE(newcomers_are_told_nothing_of_others),
    CASE(an_owner_who_comes_again_is_shown_what_there_was),
    CASE(nothing_is_fetched_for_nobody),
    CASE(ends_say_whether_they_are_there),
    CASE(the_newest_wins),
    cmocka_unit_test_setup_teardown(only_to_the_guest, begin_to_guest, finish),
    cmocka_unit_test_setup_teardown(only_from_the_guest, begin_from_guest, finish),
    cmocka_unit_test_setup_teardown(neither_way, begin_closed, finish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
