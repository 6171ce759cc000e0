/* SPDX-License-Identifier: MIT
 *
 * desktop/sound_output: listeners of sound.
 */
#include "desktop/sound_output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct {
  const struct oriel_packet *packet; /* the newest */
  unsigned offered, order;           /* how many; when the newest came */
} heard[2];
static unsigned order;

static void offer(void *user, struct oriel_packet *packet) {
  const size_t which = (size_t)user;
  heard[which].packet = packet;
  heard[which].offered++;
  heard[which].order = ++order;
}

static void every_listener_is_offered_the_same_packet_in_order(void **state) {
  static const float silence[960 * 2];
  struct oriel_sound_output output;
  (void)state;
  oriel_sound_output_init(&output, 20, 64);
  assert_int_equal(output.packet_frames, 960);
  oriel_sound_output_code(&output, silence, 5); /* no encoder yet: nothing, and no harm */
  oriel_sound_output_add(&output, &(struct oriel_sound_listener){.offer = offer, .user = (void *)0});
  assert_true(oriel_sound_output_prepare(&output));
  oriel_sound_output_code(&output, silence, 6);
  assert_int_equal(heard[0].offered, 1);
  oriel_sound_output_add(&output, &(struct oriel_sound_listener){.offer = offer, .user = (void *)1});
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_AUDIO, 1);
  assert_non_null(packet);
  oriel_sound_output_offer(&output, packet); /* a guest's own */
  assert_true(packet->encoded_ns > 0);
  assert_ptr_equal(heard[0].packet, packet);
  assert_ptr_equal(heard[1].packet, packet);
  assert_int_equal(heard[0].offered, 2);
  assert_int_equal(heard[1].offered, 1);
  assert_true(heard[0].order < heard[1].order);
  assert_int_equal(atomic_load(&packet->refs), 1); /* nobody kept it */
  oriel_packet_unref(packet);
  oriel_sound_output_finish(&output);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_listener_is_offered_the_same_packet_in_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
