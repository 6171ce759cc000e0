/* SPDX-License-Identifier: MIT
 *
 * Packets of sound cut out of byte streams, and PCM made harmless.
 */
#include "wire/audio.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void length_limits(void **state) {
  (void)state;
  uint8_t length[2] = {9, 9};
  assert_int_equal(oriel_audio_write_length(length, 0), -EMSGSIZE);
  assert_int_equal(oriel_audio_write_length(length, 1501), -EMSGSIZE);
  assert_int_equal(oriel_audio_write_length(length, SIZE_MAX), -EMSGSIZE);
  assert_int_equal(length[0], 9);
  assert_int_equal(oriel_audio_write_length(length, 1500), 0);
  assert_int_equal(length[0], 0x05); /* big-endian */
  assert_int_equal(length[1], 0xdc);
  assert_int_equal(oriel_audio_write_length(length, 1), 0);
  assert_int_equal(length[0], 0);
  assert_int_equal(length[1], 1);
}

/* Three packets, of 1, 300 and 1500 bytes, each byte telling its place. */
static size_t make_stream(uint8_t *out) {
  static const size_t sizes[] = {1, 300, 1500};
  size_t have = 0;
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(oriel_audio_write_length(out + have, sizes[i]), 0);
    have += 2;
    for (size_t j = 0; j < sizes[i]; j++)
      out[have++] = (uint8_t)(i * 31 + j);
  }
  return have;
}

static void check_packet(unsigned index, const uint8_t *packet, size_t size) {
  static const size_t sizes[] = {1, 300, 1500};
  assert_true(index < 3);
  assert_int_equal(size, sizes[index]);
  for (size_t j = 0; j < size; j++)
    assert_int_equal(packet[j], (uint8_t)(index * 31 + j));
}

static void framer_every_cut(void **state) {
  (void)state;
  uint8_t stream[2000];
  const size_t size = make_stream(stream);
  for (size_t first = 0; first <= size; first++) {
    struct oriel_audio_framer framer = {.have = 0};
    unsigned count = 0;
    for (int part = 0; part < 2; part++) {
      /* An exact copy: the sanitizer sees the first byte read beyond it. */
      size_t left = part ? size - first : first;
      uint8_t *exact = malloc(left ? left : 1);
      assert_non_null(exact);
      memcpy(exact, stream + (part ? first : 0), left);
      const uint8_t *data = exact, *packet;
      size_t packet_size;
      int result;
      while ((result = oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size)) == 1)
        check_packet(count++, packet, packet_size);
      assert_int_equal(result, 0);
      assert_int_equal(left, 0);
      free(exact);
    }
    assert_int_equal(count, 3);
    assert_false(oriel_audio_framer_is_inside(&framer));
  }
}

static void framer_byte_by_byte(void **state) {
  (void)state;
  uint8_t stream[2000];
  const size_t size = make_stream(stream);
  struct oriel_audio_framer framer = {.have = 0};
  unsigned count = 0;
  for (size_t i = 0; i < size; i++) {
    const uint8_t *data = stream + i, *packet;
    size_t left = 1, packet_size;
    if (oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size) == 1)
      check_packet(count++, packet, packet_size);
    else
      assert_true(oriel_audio_framer_is_inside(&framer));
    assert_int_equal(left, 0);
  }
  assert_int_equal(count, 3);
}

static void framer_whole_without_copy(void **state) {
  (void)state;
  const uint8_t bytes[] = {0, 2, 'a', 'b', 0, 1, 'c'};
  const uint8_t *data = bytes, *packet;
  size_t left = sizeof bytes, packet_size;
  struct oriel_audio_framer framer = {.have = 0};
  assert_int_equal(oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size), 1);
  assert_ptr_equal(packet, bytes + 2);
  assert_int_equal(oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size), 1);
  assert_ptr_equal(packet, bytes + 6);
  assert_int_equal(oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size), 0);
}

/* Out of range, in one piece, in two, and again when asked again. */
static void framer_wrong_length(void **state) {
  (void)state;
  static const uint8_t wrong[][2] = {{0, 0}, {0x05, 0xdd}, {0xff, 0xff}};
  for (size_t i = 0; i < 3; i++)
    for (int pieces = 1; pieces <= 2; pieces++) {
      struct oriel_audio_framer framer = {.have = 0};
      uint8_t bytes[6] = {wrong[i][0], wrong[i][1], 0, 1, 'a', 'b'};
      const uint8_t *data = bytes, *packet = NULL;
      size_t left = 1, packet_size = 77;
      if (pieces == 2)
        assert_int_equal(oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size), 0);
      left = (size_t)(bytes + sizeof bytes - data);
      assert_int_equal(oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size), -EBADMSG);
      assert_int_equal(oriel_audio_framer_next(&framer, &data, &left, &packet, &packet_size), -EBADMSG);
      assert_null(packet);
      assert_int_equal(packet_size, 77);
    }
}

static void pcm_exact(void **state) {
  (void)state;
  float in[2 * 200], out[2 * ORIEL_AUDIO_PCM_FRAMES_MAX];
  uint8_t packet[ORIEL_AUDIO_PACKET_MAX];
  size_t frames = 0;
  for (size_t i = 0; i < 400; i++)
    in[i] = (float)i / 400 - 0.5f;
  assert_int_equal(ORIEL_AUDIO_PCM_FRAMES_MAX, 187);
  assert_int_equal(oriel_audio_write_pcm(in, 0, packet), 0);
  const size_t size = oriel_audio_write_pcm(in, 200, packet);
  assert_int_equal(size, 1496);
  assert_int_equal(oriel_audio_read_pcm(packet, size, out, &frames), 0);
  assert_int_equal(frames, 187);
  assert_memory_equal(out, in, size);
  in[0] = 1.0f;
  oriel_audio_write_pcm(in, 1, packet);
  assert_memory_equal(packet, "\0\0\x80\x3f", 4); /* little-endian */
}

static void pcm_harmless(void **state) {
  (void)state;
  const float in[8] = {NAN, -NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 15.5f, -0.25f};
  const float expected[8] = {0, 0, 0, 0, 16, -16, 15.5f, -0.25f};
  float out[8];
  uint8_t packet[ORIEL_AUDIO_PACKET_MAX];
  size_t frames;
  assert_int_equal(oriel_audio_read_pcm(packet, oriel_audio_write_pcm(in, 4, packet), out, &frames), 0);
  assert_int_equal(frames, 4);
  assert_memory_equal(out, expected, sizeof out);
}

static void pcm_wrong_size(void **state) {
  (void)state;
  static const size_t wrong[] = {0, 1, 4, 7, 9, 1500, 1504, 8000};
  const uint8_t packet[ORIEL_AUDIO_PACKET_MAX] = {0};
  float out[2 * ORIEL_AUDIO_PCM_FRAMES_MAX];
  size_t frames = 77;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(oriel_audio_read_pcm(packet, wrong[i], out, &frames), -EBADMSG);
  assert_int_equal(frames, 77);
}

static void number_is_cut_off(void **state) {
  (void)state;
  uint8_t datagram[1504] = {0};
  uint32_t number = 7;
  size_t size = 20;
  oriel_audio_write_number(datagram + 16, 0x81020304);
  assert_int_equal(datagram[16], 4); /* little-endian, as the samples */
  assert_true(oriel_audio_cut_number(datagram, &size, &number));
  assert_int_equal(size, 16);
  assert_int_equal(number, 0x81020304);
  static const size_t others[] = {0, 1, 4, 8, 16, 22, 1496, 1501, 1504, SIZE_MAX};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    size = others[i];
    assert_false(oriel_audio_cut_number(datagram, &size, &number));
    assert_int_equal(size, others[i]);
  }
  size = 1500;
  assert_true(oriel_audio_cut_number(datagram, &size, &number));
  assert_int_equal(size, 187 * 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(length_limits),       cmocka_unit_test(framer_every_cut),
      cmocka_unit_test(framer_byte_by_byte), cmocka_unit_test(framer_whole_without_copy),
      cmocka_unit_test(framer_wrong_length), cmocka_unit_test(pcm_exact),
      cmocka_unit_test(pcm_harmless),        cmocka_unit_test(pcm_wrong_size),
    cmocka_unit_test(number_is_cut_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
