/* SPDX-License-Identifier: MIT
 *
 * See thrift.h.
 */
#include "desktop/thrift.h"

#include "core/clock.h"

enum {
  SHRINK_MAX = 4,
  SLOW_PICTURES = 3,   /* one may be a hiccup */
  QUICK_PICTURES = 90, /* some seconds: each change costs a key frame, and is seen */
};

/* At half of a processor 15 pictures a second; and an eighth of it, at four times the pixels well below. */
static const uint64_t slow_ns = 33 * ORIEL_NS_PER_MS;
static const uint64_t quick_ns = 4 * ORIEL_NS_PER_MS;

void oriel_thrift_init(struct oriel_thrift *thrift, unsigned least) {
  *thrift = (struct oriel_thrift){.least = least, .shrink = least};
}

unsigned oriel_thrift_note(struct oriel_thrift *thrift, uint64_t took_ns) {
  thrift->slow = took_ns > slow_ns ? thrift->slow + 1 : 0;
  thrift->quick = took_ns < quick_ns ? thrift->quick + 1 : 0;
  if (thrift->slow >= SLOW_PICTURES && thrift->shrink < SHRINK_MAX)
    *thrift = (struct oriel_thrift){.least = thrift->least, .shrink = thrift->shrink * 2};
  else if (thrift->quick >= QUICK_PICTURES && thrift->shrink > thrift->least)
    *thrift = (struct oriel_thrift){.least = thrift->least, .shrink = thrift->shrink / 2};
  return thrift->shrink;
}
