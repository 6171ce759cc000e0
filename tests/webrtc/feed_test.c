/* SPDX-License-Identifier: MIT
 *
 * Pictures cut once for all sessions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "caller.h"
#include "core/clock.h"
#include "webrtc/feed.h"
#include "webrtc/rtp_unit.h"

/* Another session was faster by more pictures than the feed remembers. */
static void late_pictures_are_refused(void **state) {
  struct oriel_webrtc_feed *feed = oriel_webrtc_feed_create();
  struct oriel_packet *packets[ORIEL_FEED_RECENT + 1];
  (void)state;
  assert_non_null(feed);
  for (unsigned i = 0; i <= ORIEL_FEED_RECENT; i++) {
    packets[i] = caller_picture(i + 1, 500, (i + 1) * ORIEL_NS_PER_SECOND);
    struct oriel_rtp_unit *unit = oriel_webrtc_feed_unit(feed, packets[i], ORIEL_NS_PER_SECOND);
    assert_non_null(unit);
    oriel_rtp_unit_unref(unit);
  }
  assert_null(oriel_webrtc_feed_unit(feed, packets[0], ORIEL_NS_PER_SECOND));
  struct oriel_rtp_unit *remembered = oriel_webrtc_feed_unit(feed, packets[1], ORIEL_NS_PER_SECOND);
  assert_non_null(remembered);
  oriel_rtp_unit_unref(remembered);
  packets[0]->captured_ns = 20 * ORIEL_NS_PER_SECOND; /* a new encoder counts from 1 */
  struct oriel_rtp_unit *anew = oriel_webrtc_feed_unit(feed, packets[0], ORIEL_NS_PER_SECOND);
  assert_non_null(anew);
  oriel_rtp_unit_unref(anew);
  for (unsigned i = 0; i <= ORIEL_FEED_RECENT; i++)
    oriel_packet_unref(packets[i]);
  oriel_webrtc_feed_destroy(feed);
}

/* Each has its own numbers and times, and all one history. */
static void renditions_do_not_disturb_one_another(void **state) {
  (void)state;
  struct oriel_webrtc_feed *feed = oriel_webrtc_feed_create();
  const uint64_t now_ns = ORIEL_NS_PER_SECOND;
  uint32_t first = 0;
  for (unsigned i = 0; i < 4; i++) {
    struct oriel_packet *h264 = caller_picture(100 + i, 500, now_ns * (i + 2));
    struct oriel_packet *vp8 = oriel_packet_create(ORIEL_PACKET_VIDEO, 3000);
    assert_non_null(vp8);
    memset(vp8->data, i > 0, vp8->size); /* a frame's tag: its lowest bit says that it is no key frame */
    vp8->codec = ORIEL_CODEC_VP8;
    vp8->rendition = 2;
    vp8->sequence = i + 1;
    vp8->captured_ns = now_ns * (i + 1); /* earlier than the other's, each time */
    struct oriel_rtp_unit *one = oriel_webrtc_feed_unit(feed, h264, now_ns);
    struct oriel_rtp_unit *other = oriel_webrtc_feed_unit(feed, vp8, now_ns);
    assert_true(one && other);
    size_t size;
    const uint8_t *payload = oriel_rtp_unit_payload(other, 0, &size);
    assert_int_equal(payload[2] & 0x7f, 0);
    assert_int_equal(payload[3], i); /* the number of the picture */
    assert_int_equal(other->key, i == 0);
    assert_int_equal(one->first, first);
    assert_int_equal(other->first, first + one->count);
    first = other->first + other->count;
    vp8->rendition = ORIEL_FEED_RENDITIONS;
    assert_null(oriel_webrtc_feed_unit(feed, vp8, now_ns));
    oriel_rtp_unit_unref(one);
    oriel_rtp_unit_unref(other);
    oriel_packet_unref(h264);
    oriel_packet_unref(vp8);
  }
  oriel_webrtc_feed_destroy(feed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(late_pictures_are_refused),
    cmocka_unit_test(renditions_do_not_disturb_one_another),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
