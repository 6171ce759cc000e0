/* SPDX-License-Identifier: MIT
 *
 * A thumbnail's age. Loop thread.
 */
#include "server/thumbnail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/hash.h"

#define PERIOD_NS ORIEL_NS_PER_SECOND
#define FAILED_NS (10 * ORIEL_NS_PER_SECOND) /* a try at a screen that shows nothing holds a worker for 2 s */
#define STALE_NS (5 * ORIEL_NS_PER_SECOND)   /* not shown as if it were the present any more */
#define FORGOTTEN_NS (30 * ORIEL_NS_PER_SECOND)

bool oriel_thumbnail_due(const struct oriel_thumbnail *thumbnail, uint64_t now_ns) {
  const uint64_t period_ns = thumbnail->failed ? FAILED_NS : PERIOD_NS;
  return !thumbnail->making && (!thumbnail->begun_ns || now_ns - thumbnail->begun_ns >= period_ns);
}

bool oriel_thumbnail_fresh(const struct oriel_thumbnail *thumbnail, uint64_t now_ns) {
  return thumbnail->png && now_ns - thumbnail->made_ns <= STALE_NS;
}

void oriel_thumbnail_take(struct oriel_thumbnail *thumbnail, uint8_t *png, size_t size, uint64_t now_ns) {
  oriel_thumbnail_drop(thumbnail);
  thumbnail->png = png;
  thumbnail->size = size;
  thumbnail->made_ns = now_ns;
  snprintf(thumbnail->etag, sizeof thumbnail->etag, "\"%016" PRIx64 "\"", oriel_hash(png, size));
}

void oriel_thumbnail_drop(struct oriel_thumbnail *thumbnail) {
  free(thumbnail->png);
  thumbnail->png = NULL;
  thumbnail->failed = false;
}

void oriel_thumbnail_tick(struct oriel_thumbnail *thumbnail, uint64_t now_ns) {
  if (thumbnail->png && now_ns - thumbnail->asked_ns > FORGOTTEN_NS)
    oriel_thumbnail_drop(thumbnail);
}
