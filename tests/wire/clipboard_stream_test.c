/* SPDX-License-Identifier: MIT
 *
 * Texts of the clipboard cut out of a byte stream, and what is to go: which is sent, which is replaced, which is known.
 */
#include "wire/clipboard_stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

static void add(uint8_t *stream, size_t *have, const char *text, size_t size) {
  const uint8_t length[] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
  memcpy(stream + *have, length, sizeof length);
  memcpy(stream + *have + sizeof length, text, size);
  *have += sizeof length + size;
}

/* Takes all of it, expecting `texts` in their order. */
static void take_texts(struct oriel_clipboard_stream *stream, const uint8_t *bytes, size_t size, const char *const *texts,
                       size_t *count) {
  const char *text;
  size_t text_size;
  int result;
  while ((result = oriel_clipboard_stream_take(stream, &bytes, &size, &text, &text_size)) != 0) {
    assert_int_equal(result, 1);
    assert_non_null(texts[*count]);
    assert_int_equal(text_size, strlen(texts[*count]));
    assert_memory_equal(text, texts[*count], text_size);
    ++*count;
  }
  assert_int_equal(size, 0);
}

static void take_cut_at_every_byte(void **state) {
  (void)state;
  const char *const texts[] = {"x", "gr\xc3\xbc\xc3\x9f dich", "\xf0\x9f\x8c\x8d\r\n\t", NULL};
  uint8_t bytes[256];
  size_t size = 0;
  for (size_t i = 0; texts[i]; i++)
    add(bytes, &size, texts[i], strlen(texts[i]));
  for (size_t cut = 0; cut <= size; cut++) {
    struct oriel_clipboard_stream stream = {.have = 0};
    size_t count = 0;
    take_texts(&stream, bytes, cut, texts, &count);
    take_texts(&stream, bytes + cut, size - cut, texts, &count);
    assert_int_equal(count, 3);
    oriel_clipboard_stream_finish(&stream);
  }
  struct oriel_clipboard_stream stream = {.have = 0};
  size_t count = 0;
  for (size_t at = 0; at < size; at++)
    take_texts(&stream, bytes + at, 1, texts, &count);
  assert_int_equal(count, 3);
  oriel_clipboard_stream_finish(&stream);
}

static void take_largest_and_larger(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  uint8_t *bytes = malloc(ORIEL_CLIPBOARD_TEXT_MAX + 4);
  assert_non_null(bytes);
  memset(bytes, 'a', ORIEL_CLIPBOARD_TEXT_MAX + 4);
  memcpy(bytes, "\0\x10\0\0", 4);
  const uint8_t *data = bytes;
  size_t size = ORIEL_CLIPBOARD_TEXT_MAX + 4, text_size;
  const char *text;
  assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), 1);
  assert_int_equal(text_size, ORIEL_CLIPBOARD_TEXT_MAX);
  oriel_clipboard_stream_finish(&stream);
  free(bytes);
  static const char *const wrong[] = {"\0\x10\0\1", "\xff\xff\xff\xff", "\0\0\0\0", "\x80\0\0\0"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    data = (const uint8_t *)wrong[i];
    size = 4;
    assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), -EBADMSG);
    assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), -EBADMSG);
    assert_null(stream.in.bytes);
    oriel_clipboard_stream_finish(&stream);
  }
}

/* A megabyte announced is no megabyte held. */
static void take_makes_room_as_bytes_come(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  const uint8_t bytes[5000] = {0, 0x10, 0, 0, 'a'}, *data = bytes;
  size_t size = 5, text_size;
  const char *text;
  assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), 0);
  assert_int_equal(stream.in.size, 4096);
  data = bytes + 4;
  size = 4096;
  assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), 0);
  assert_int_equal(stream.in.size, 8192);
  oriel_clipboard_stream_finish(&stream);
}

static void take_skips_what_is_no_text(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  uint8_t bytes[64];
  size_t size = 0, text_size;
  add(bytes, &size, "\xff\xfe", 2);
  add(bytes, &size, "a\0b", 3);
  add(bytes, &size, "fine", 4);
  const uint8_t *data = bytes;
  const char *text;
  assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), -EILSEQ);
  assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), -EILSEQ);
  assert_int_equal(oriel_clipboard_stream_take(&stream, &data, &size, &text, &text_size), 1);
  assert_memory_equal(text, "fine", 4);
  oriel_clipboard_stream_finish(&stream);
}

static void take_gives_a_text_once(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  const char *const texts[] = {"a", "b", "a", NULL};
  uint8_t bytes[64];
  size_t size = 0, count = 0;
  add(bytes, &size, "a", 1);
  add(bytes, &size, "a", 1);
  add(bytes, &size, "b", 1);
  add(bytes, &size, "b", 1);
  add(bytes, &size, "a", 1);
  take_texts(&stream, bytes, size, texts, &count);
  assert_int_equal(count, 3);
  oriel_clipboard_stream_finish(&stream);
}

static void expect_due(const struct oriel_clipboard_stream *stream, const char *text) {
  const uint8_t *bytes = NULL;
  const size_t size = oriel_clipboard_stream_due(stream, &bytes);
  assert_int_equal(size, text ? strlen(text) + 4 : 0);
  if (text) {
    assert_int_equal(bytes[3], strlen(text));
    assert_memory_equal(bytes + 4, text, strlen(text));
  }
}

static void put_checks_its_text(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  assert_int_equal(oriel_clipboard_stream_put(&stream, "", 0), -EMSGSIZE);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "x", ORIEL_CLIPBOARD_TEXT_MAX + 1), -EMSGSIZE);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "\xc3", 1), -EILSEQ);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "a\0b", 3), -EILSEQ);
  expect_due(&stream, NULL);
}

static void put_replaces_what_has_not_begun(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  assert_int_equal(oriel_clipboard_stream_put(&stream, "one", 3), 0);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "one", 3), -EALREADY);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "two", 3), 0);
  expect_due(&stream, "two");
  oriel_clipboard_stream_sent(&stream, 5);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "three", 5), 0);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "four", 4), 0);
  const uint8_t *bytes;
  assert_int_equal(oriel_clipboard_stream_due(&stream, &bytes), 2);
  assert_memory_equal(bytes, "wo", 2);
  oriel_clipboard_stream_sent(&stream, 2);
  expect_due(&stream, "four");
  oriel_clipboard_stream_sent(&stream, 8);
  expect_due(&stream, NULL);
  oriel_clipboard_stream_finish(&stream);
}

static void echo_is_not_sent(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  const char *const texts[] = {"given", NULL};
  uint8_t bytes[64];
  size_t size = 0, count = 0;
  add(bytes, &size, "given", 5);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "older", 5), 0);
  take_texts(&stream, bytes, size, texts, &count);
  expect_due(&stream, NULL); /* the older one would take the newer one's place */
  assert_int_equal(oriel_clipboard_stream_put(&stream, "given", 5), -EALREADY);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "own", 3), 0);
  expect_due(&stream, "own");
  oriel_clipboard_stream_finish(&stream);
}

static void forget_lets_a_text_pass_again(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  const char *const texts[] = {"in", "in", NULL};
  uint8_t bytes[64];
  size_t size = 0, count = 0;
  add(bytes, &size, "in", 2);
  take_texts(&stream, bytes, size, texts, &count);
  take_texts(&stream, bytes, size, texts, &count);
  assert_int_equal(count, 1);
  oriel_clipboard_stream_forget(&stream);
  take_texts(&stream, bytes, size, texts, &count);
  assert_int_equal(count, 2);
  oriel_clipboard_stream_forget(&stream);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "in", 2), 0);
  expect_due(&stream, "in");
  oriel_clipboard_stream_finish(&stream);
  expect_due(&stream, NULL);
}

static void knock_is_no_text(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  const uint8_t *bytes;
  assert_int_equal(oriel_clipboard_stream_knock(&stream), 0);
  assert_int_equal(oriel_clipboard_stream_due(&stream, &bytes), 5);
  assert_memory_equal(bytes, "\0\0\0\1\0", 5);
  size_t size = 5, text_size;
  const char *text;
  assert_int_equal(oriel_clipboard_stream_take(&stream, &bytes, &size, &text, &text_size), -ENOMSG);
  assert_int_equal(oriel_clipboard_stream_put(&stream, "text", 4), 0); /* says as much */
  expect_due(&stream, "text");
  assert_int_equal(oriel_clipboard_stream_knock(&stream), 0);
  expect_due(&stream, "text");
  oriel_clipboard_stream_finish(&stream);
}

static void lost_after_half_a_minute(void **state) {
  (void)state;
  struct oriel_clipboard_stream stream = {.have = 0};
  const char *const texts[] = {"abc", NULL};
  uint8_t bytes[64];
  size_t size = 0, count = 0;
  add(bytes, &size, "abc", 3);
  const uint64_t second = ORIEL_NS_PER_SECOND;
  assert_false(oriel_clipboard_stream_is_lost(&stream, 5 * second));
  assert_int_equal(stream.due_ns, 0);
  take_texts(&stream, bytes, 1, texts, &count);
  assert_false(oriel_clipboard_stream_is_lost(&stream, 5 * second));
  assert_int_equal(stream.due_ns, 35 * second);
  take_texts(&stream, bytes + 1, 3, texts, &count);
  assert_false(oriel_clipboard_stream_is_lost(&stream, 35 * second - 1)); /* a trickle is no reprieve */
  assert_true(oriel_clipboard_stream_is_lost(&stream, 35 * second));
  take_texts(&stream, bytes + 4, size - 4, texts, &count);
  assert_false(oriel_clipboard_stream_is_lost(&stream, 35 * second));
  assert_int_equal(count, 1);
  oriel_clipboard_stream_finish(&stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(take_cut_at_every_byte),
    cmocka_unit_test(take_largest_and_larger),
    cmocka_unit_test(take_makes_room_as_bytes_come),
    cmocka_unit_test(take_skips_what_is_no_text),
    cmocka_unit_test(take_gives_a_text_once),
    cmocka_unit_test(put_checks_its_text),
    cmocka_unit_test(put_replaces_what_has_not_begun),
    cmocka_unit_test(echo_is_not_sent),
    cmocka_unit_test(forget_lets_a_text_pass_again),
    cmocka_unit_test(knock_is_no_text),
    cmocka_unit_test(lost_after_half_a_minute),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
