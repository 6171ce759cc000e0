/* SPDX-License-Identifier: MIT
 *
 * A viewer's clock seen from here: round trips and the offset between its microseconds and ours, from the fastest of
 * the last ten pongs. The fastest one waited least in queues, so its two halves are the most alike (as in NTP's clock
 * filter, RFC 5905 section 10). Thread-safety: one owner, the loop thread.
 */
#ifndef ORIEL_SERVER_CLOCKMAP_H
#define ORIEL_SERVER_CLOCKMAP_H

#include <stdbool.h>
#include <stdint.h>

enum { ORIEL_CLOCKMAP_SAMPLES = 10, ORIEL_CLOCKMAP_PINGS = 16 };

struct oriel_clockmap {
  uint64_t pings_us[ORIEL_CLOCKMAP_PINGS]; /* sent and not yet answered; 0 = free */
  unsigned next_ping, next_sample, samples;
  uint32_t rtt_us[ORIEL_CLOCKMAP_SAMPLES];
  int64_t offset_us[ORIEL_CLOCKMAP_SAMPLES]; /* viewer minus us */
};

/** Notes a ping sent at this time, our microseconds. */
void oriel_clockmap_ping(struct oriel_clockmap *map, uint64_t us);
/** Takes a pong. False when it answers no ping of ours or the times are absurd; otherwise *rtt_us is the round trip. */
bool oriel_clockmap_pong(struct oriel_clockmap *map, uint64_t ping_us, uint64_t viewer_us, uint64_t now_us,
                         uint32_t *rtt_us);
/** A viewer's time on our clock, in nanoseconds; 0 when unknown: before the first pong, for 0, or when the result lies
 *  more than 10 s back or later than now by more than the round trip can explain. */
uint64_t oriel_clockmap_ns(const struct oriel_clockmap *map, uint64_t viewer_us, uint64_t now_ns);

#endif
