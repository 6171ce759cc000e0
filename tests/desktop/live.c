/* SPDX-License-Identifier: MIT
 *
 * See live.h.
 */
#include "live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

const struct oriel_rect live_small = {32, 32, 64, 64}, live_all = {0, 0, 640, 480};

struct live *live_begin(uint16_t width, uint16_t height, const char *encoder) {
  struct live *live = calloc(1, sizeof *live);
  fake_init(&live->fake, width, height);
  live->desktop = fake_desktop(&live->fake, encoder, true);
  return live;
}

void live_end(struct live *live) {
  oriel_desktop_destroy(live->desktop);
  fake_finish(&live->fake);
  free(live);
}

const struct oriel_desktop_stats *live_stats(struct live *live) {
  oriel_desktop_stats(live->desktop, &live->stats);
  return &live->stats;
}

struct oriel_packet *live_picture(struct live *live, struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&live->fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  fake_ack(viewer, delivery.packet);
  return delivery.packet;
}

void live_expect_picture(struct live *live, struct oriel_viewer *viewer, enum oriel_packet_kind kind, bool key) {
  struct oriel_packet *packet = live_picture(live, viewer);
  assert_int_equal(packet->kind, kind);
  assert_int_equal(packet->key, key);
  assert_true(packet->captured_ns && packet->converted_ns && packet->encoded_ns); /* lesson 9 */
  assert_true(packet->captured_ns <= packet->converted_ns && packet->converted_ns <= packet->encoded_ns);
  oriel_packet_unref(packet);
}
