/* SPDX-License-Identifier: MIT
 *
 * Pictures cut once for all sessions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(late_pictures_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
