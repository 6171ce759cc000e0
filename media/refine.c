/* SPDX-License-Identifier: MIT
 *
 * Refinement of a still screen: which blocks are owed, and their packets. Called by the media thread.
 */
#include "media/refine.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "media/tiles.h"

enum { MACROBLOCK = 16, BLOCK = ORIEL_REFINE_BLOCK };
enum { ROOM_BYTES = 8 * 1024 }; /* below it, a longer run is worth trying */
static const uint64_t step_ns = 16 * ORIEL_NS_PER_MS;

void oriel_refine_begin(struct oriel_refine *refine, uint16_t width, uint16_t height, uint64_t at_ns) {
  refine->width = width;
  refine->height = height;
  refine->columns = (width + BLOCK - 1u) / BLOCK;
  refine->rows = (height + BLOCK - 1u) / BLOCK;
  assert(refine->columns <= ORIEL_REFINE_COLUMNS_MAX && refine->rows <= ORIEL_REFINE_ROWS_MAX);
  refine->left = refine->columns * refine->rows;
  refine->next = 0;
  refine->run = ORIEL_REFINE_RUN_MAX;
  refine->at_ns = at_ns;
  memset(refine->owed, true, refine->left * sizeof *refine->owed);
}

void oriel_refine_owe(struct oriel_refine *refine, const struct oriel_damage *damage) {
  const struct oriel_rect picture = {0, 0, refine->width, refine->height};
  for (int i = 0; i < damage->count; i++) {
    const struct oriel_rect rect = oriel_rect_intersect(damage->rects[i], picture);
    if (oriel_rect_empty(rect))
      continue;
    for (int32_t row = rect.y / BLOCK; row <= (rect.y + rect.height - 1) / BLOCK; row++) {
      for (int32_t column = rect.x / BLOCK; column <= (rect.x + rect.width - 1) / BLOCK; column++) {
        bool *owed = &refine->owed[(unsigned)row * refine->columns + (unsigned)column];
        refine->left += !*owed;
        *owed = true;
      }
    }
  }
}

/* Adds what is owed to `damage`, as runs of blocks. */
static void add_owed(const struct oriel_refine *refine, struct oriel_damage *damage) {
  for (unsigned row = 0; row < refine->rows && refine->left; row++) {
    const bool *owed = &refine->owed[row * refine->columns];
    for (unsigned column = 0, end; column < refine->columns; column = end + 1) {
      for (end = column; end < refine->columns && owed[end]; end++)
        ;
      oriel_damage_add(damage, (struct oriel_rect){.x = (int32_t)(column * BLOCK), .y = (int32_t)(row * BLOCK),
                                                   .width = (int32_t)((end - column) * BLOCK), .height = BLOCK});
    }
  }
}

void oriel_refine_video(struct oriel_refine *refine, const struct oriel_damage *damage, struct oriel_packet *packet,
                        uint64_t at_ns) {
  packet->partly = !packet->key && packet->width == refine->width && packet->height == refine->height;
  if (!packet->partly) {
    oriel_refine_begin(refine, packet->width, packet->height, at_ns);
    return;
  }
  struct oriel_damage drawn = *damage;
  if (packet->sharpening)
    add_owed(refine, &drawn);
  for (int i = 0; i < drawn.count; i++) /* aligned ones stay aligned as they merge */
    oriel_damage_add(&packet->part, oriel_rect_align(drawn.rects[i], MACROBLOCK, refine->width, refine->height));
  oriel_refine_owe(refine, &packet->part);
  refine->at_ns = at_ns;
}

void oriel_refine_clear(struct oriel_refine *refine) {
  memset(refine->owed, false, sizeof refine->owed[0] * refine->columns * refine->rows);
  refine->left = 0;
}

struct oriel_rect oriel_refine_next(const struct oriel_refine *refine) {
  if (!refine->left)
    return (struct oriel_rect){0};
  const unsigned count = refine->columns * refine->rows;
  unsigned first = refine->next;
  while (!refine->owed[first])
    first = first + 1 < count ? first + 1 : 0;
  const unsigned column = first % refine->columns, row = first / refine->columns;
  unsigned run = 1;
  while (run < refine->run && column + run < refine->columns && refine->owed[first + run])
    run++;
  const struct oriel_rect blocks = {
    .x = (int32_t)(column * BLOCK), .y = (int32_t)(row * BLOCK), .width = (int32_t)(run * BLOCK), .height = BLOCK,
  };
  return oriel_rect_intersect(blocks, (struct oriel_rect){0, 0, refine->width, refine->height});
}

static unsigned run_length(struct oriel_rect rect) {
  return ((unsigned)rect.width + BLOCK - 1) / BLOCK;
}

void oriel_refine_sent(struct oriel_refine *refine, struct oriel_rect rect, size_t size_bytes, uint32_t kbps,
                       uint64_t now_ns) {
  const unsigned first = (unsigned)rect.y / BLOCK * refine->columns + (unsigned)rect.x / BLOCK;
  const unsigned run = run_length(rect);
  for (unsigned i = first; i < first + run; i++) {
    refine->left -= refine->owed[i];
    refine->owed[i] = false;
  }
  refine->next = (first + run) % (refine->columns * refine->rows);
  if (size_bytes < ROOM_BYTES && refine->run < ORIEL_REFINE_RUN_MAX)
    refine->run *= 2;
  const uint64_t paid_ns = kbps ? (uint64_t)size_bytes * 8 * 2 * ORIEL_NS_PER_MS / kbps : 0;
  refine->at_ns = now_ns + (paid_ns > step_ns ? paid_ns : step_ns);
}

/* It did not fit a packet: half as many blocks at once. */
static void halve(struct oriel_refine *refine, struct oriel_rect rect) {
  const unsigned run = run_length(rect);
  assert(run > 1); /* any content of one block fits */
  refine->run = ORIEL_REFINE_RUN_MAX; /* stays a power of two, so that doubling comes back to the most */
  while (refine->run > run / 2)
    refine->run /= 2;
}

int oriel_refine_make(struct oriel_refine *refine, struct oriel_surface *surface, uint32_t kbps, uint64_t now_ns,
                      struct oriel_packet **packet) {
  struct oriel_surface_view view;
  struct oriel_packet *made = NULL;
  struct oriel_damage damage;
  int error = -ENODATA;
  if (!refine->left)
    return error;
  oriel_surface_lock(surface, NULL, &view);
  if (view.width == refine->width && view.height == refine->height) {
    do {
      oriel_damage_clear(&damage);
      oriel_damage_add(&damage, oriel_refine_next(refine));
      error = oriel_tiles_encode(view.bgrx, view.stride, view.width, view.height, &damage, &made);
      if (error == -E2BIG)
        halve(refine, damage.rects[0]);
    } while (error == -E2BIG);
  } else {
    oriel_refine_clear(refine);
    error = -ESTALE;
  }
  oriel_surface_unlock(surface, NULL);
  if (error)
    return error;
  oriel_refine_sent(refine, damage.rects[0], made->size, kbps, now_ns);
  made->sharpening = true;
  made->part = damage;
  made->captured_ns = made->converted_ns = now_ns;
  made->encoded_ns = oriel_clock_ns();
  *packet = made;
  return 0;
}
