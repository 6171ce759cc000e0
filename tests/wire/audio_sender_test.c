/* SPDX-License-Identifier: MIT
 *
 * What goes round a packet of sound, and that the receiving side takes it off again.
 */
#include "wire/audio_sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* A packet in the middle of bytes of which none may change but those of its way. */
static void fill(uint8_t bytes[ORIEL_AUDIO_SENT_MAX + 1], size_t size) {
  memset(bytes, 0xee, ORIEL_AUDIO_SENT_MAX + 1);
  memset(bytes + ORIEL_AUDIO_LENGTH_SIZE, 7, size);
}

static void sender_stream_has_lengths(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 8, 300, 1500};
  for (int pcm = 0; pcm < 2; pcm++)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      struct oriel_audio_sender sender = {.is_pcm = pcm};
      uint8_t bytes[ORIEL_AUDIO_SENT_MAX + 1];
      size_t count = 0, packet_size = 0;
      fill(bytes, sizes[i]);
      assert_int_equal(oriel_audio_sender_complete(&sender, bytes, sizes[i], &count), 0);
      assert_int_equal(count, 2 + sizes[i]);
      assert_int_equal(bytes[count], 0xee);
      struct oriel_audio_framer framer = {0};
      const uint8_t *data = bytes, *packet = NULL;
      assert_int_equal(oriel_audio_framer_next(&framer, &data, &count, &packet, &packet_size), 1);
      assert_int_equal(packet_size, sizes[i]);
      assert_ptr_equal(packet, bytes + ORIEL_AUDIO_LENGTH_SIZE);
      assert_int_equal(count, 0);
    }
}

static void sender_datagrams_of_opus_are_bare(void **state) {
  (void)state;
  struct oriel_audio_sender sender = {.is_datagram = true};
  uint8_t bytes[ORIEL_AUDIO_SENT_MAX + 1];
  size_t count = 0;
  fill(bytes, 3);
  assert_int_equal(oriel_audio_sender_complete(&sender, bytes, 3, &count), ORIEL_AUDIO_LENGTH_SIZE);
  assert_int_equal(count, 3);
  assert_int_equal(bytes[ORIEL_AUDIO_LENGTH_SIZE + 3], 0xee);
}

static void sender_datagrams_of_pcm_are_numbered(void **state) {
  (void)state;
  struct oriel_audio_sender sender = {.is_datagram = true, .is_pcm = true, .number = UINT32_MAX - 1};
  for (uint32_t expected = UINT32_MAX - 1; expected != 3; expected++) { /* it wraps */
    uint8_t bytes[ORIEL_AUDIO_SENT_MAX + 1];
    size_t count = 0;
    uint32_t number = 77;
    fill(bytes, 1496);
    const size_t begin = oriel_audio_sender_complete(&sender, bytes, 1496, &count);
    assert_int_equal(begin, ORIEL_AUDIO_LENGTH_SIZE);
    assert_int_equal(count, 1500);
    assert_true(oriel_audio_cut_number(bytes + begin, &count, &number));
    assert_int_equal(number, expected);
    assert_int_equal(count, 1496);
  }
}

static void sender_refuses_sizes_of_no_packet(void **state) {
  (void)state;
  static const size_t wrong[] = {0, 1501, 65536, SIZE_MAX};
  for (int kind = 0; kind < 4; kind++)
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
      struct oriel_audio_sender sender = {.is_datagram = kind & 1, .is_pcm = kind & 2, .number = 5};
      uint8_t bytes[ORIEL_AUDIO_SENT_MAX + 1];
      size_t count = 77;
      fill(bytes, 0);
      oriel_audio_sender_complete(&sender, bytes, wrong[i], &count);
      assert_int_equal(count, 0);
      assert_int_equal(sender.number, 5); /* nothing was sent that would be missed */
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sender_stream_has_lengths),
    cmocka_unit_test(sender_datagrams_of_opus_are_bare),
    cmocka_unit_test(sender_datagrams_of_pcm_are_numbered),
    cmocka_unit_test(sender_refuses_sizes_of_no_packet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
