/* SPDX-License-Identifier: MIT
 *
 * The surface: a desktop's current picture in BGRX and a log of its damage. A source writes; any number of readers look,
 * each with a cursor of its own. The picture is always whole; an unread change is merged with the next (newest wins).
 *
 * Thread-safety: every function from any thread; one internal lock guards pixels and damage, held for a copy or a
 * conversion of the damaged part only (under 1 ms at 1080p), never across I/O.
 */
#ifndef ORIEL_MEDIA_SURFACE_H
#define ORIEL_MEDIA_SURFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/damage.h"
#include "media/picture.h"

struct oriel_surface;

/** Up to where a reader has seen the surface. All zero: it has seen nothing, so that all is damage to it. One belongs to
 *  one surface. */
struct oriel_surface_cursor {
  uint64_t serial;
};

/** What oriel_surface_lock lends. */
struct oriel_surface_view {
  uint16_t width, height;     /* pixels; 0 x 0 until the first resize */
  int stride;                 /* bytes */
  uint8_t *bgrx;              /* borrowed until unlock */
  uint32_t generation;        /* changes with every resize */
  struct oriel_damage damage; /* since the reader's cursor */
  uint64_t captured_ns;       /* when the oldest of that damage arrived; 0 = none */
};

/** 0, -ENOMEM. Empty (0 x 0). */
int oriel_surface_create(struct oriel_surface **surface);
void oriel_surface_destroy(struct oriel_surface *surface);

/** New size, black, all damaged. Sizes outside [1, 7680] x [1, 4320] are -EINVAL; -ENOMEM leaves the old picture. The
 *  same size keeps the pixels and the generation. */
int oriel_surface_resize(struct oriel_surface *surface, uint32_t width, uint32_t height);
/** Copies a rectangle in, converting. `pixels` points at the rectangle's first pixel; `stride` in bytes may be any
 *  value >= width * pixel size. -EINVAL when the rectangle is not inside the surface. */
int oriel_surface_write(struct oriel_surface *surface, struct oriel_rect rect, const uint8_t *pixels, int stride,
                        enum oriel_pixel_format format, uint64_t captured_ns);
/** As oriel_surface_write, but damages only what differs from the picture so far: sources often repeat pixels (a text
 *  cursor redrawn, whole memory pages around one changed dot). It takes no longer than a write (0.7 ms at 1080p, either
 *  way) and saves an encode. 1 = something changed, 0 = nothing; -EINVAL. */
int oriel_surface_update(struct oriel_surface *surface, struct oriel_rect rect, const uint8_t *pixels, int stride,
                         enum oriel_pixel_format format, uint64_t captured_ns);
/** A whole new picture, of any size that resize takes, in one step: nobody sees the new size without its pixels. The
 *  same size keeps the generation. -EINVAL, -ENOMEM; the old picture then stays. */
int oriel_surface_replace(struct oriel_surface *surface, uint32_t width, uint32_t height, const uint8_t *pixels,
                          int stride, enum oriel_pixel_format format, uint64_t captured_ns);
/** Fills the whole surface with 0xRRGGBB; all damaged. */
void oriel_surface_fill(struct oriel_surface *surface, uint32_t rgb, uint64_t captured_ns);
/** Marks pixels that the caller changed between lock and unlock. */
void oriel_surface_damage(struct oriel_surface *surface, struct oriel_rect rect, uint64_t captured_ns);

/** Locks and lends the picture, with the damage since `cursor` (NULL: the caller asks for no damage). Every lock is
 *  followed by one unlock, on the same thread, soon. */
void oriel_surface_lock(struct oriel_surface *surface, const struct oriel_surface_cursor *cursor,
                        struct oriel_surface_view *view);
/** `taker`: the cursor of the lock, whose reader has consumed the damage in the view, moves to now; NULL: it stays.
 *  (damage() between lock and unlock is not allowed from the locking thread; use the _locked variant.) */
void oriel_surface_unlock(struct oriel_surface *surface, struct oriel_surface_cursor *taker);
/** As oriel_surface_damage, for the thread that holds the lock. */
void oriel_surface_damage_locked(struct oriel_surface *surface, struct oriel_rect rect, uint64_t captured_ns);
/** True when damage waits for the reader. */
bool oriel_surface_damaged(struct oriel_surface *surface, const struct oriel_surface_cursor *cursor);

#endif
