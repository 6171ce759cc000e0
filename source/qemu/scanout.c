/* SPDX-License-Identifier: MIT
 *
 * A scanout's life, and what other threads ask of it. What QEMU sends is scanout_message.c's. Threads as scanout.h
 * says.
 */
#include "source/qemu/scanout.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "source/qemu/scanout_picture.h"
#include "source/qemu/scanout_state.h"

int oriel_qemu_scanout_create(struct oriel_surface *surface, const struct oriel_source_sink *sink,
                              const struct oriel_qemu_scanout_events *events, struct oriel_qemu_scanout **scanout) {
  struct oriel_qemu_scanout *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->surface = surface;
  made->sink = sink;
  made->events = *events;
  made->map.fd = -1;
  *scanout = made;
  return 0;
}

void oriel_qemu_scanout_destroy(struct oriel_qemu_scanout *scanout) {
  if (!scanout)
    return;
  oriel_qemu_map_finish(&scanout->map);
  free(scanout);
}

void oriel_qemu_scanout_reset(struct oriel_qemu_scanout *scanout) {
  oriel_qemu_map_finish(&scanout->map);
  if (atomic_load(&scanout->recheck))
    return;
  /* Told, too: what is the same here is no news, and whoever was told of a dark one would believe it for ever. */
  oriel_qemu_scanout_set_display(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_ON});
  atomic_store(&scanout->has_picture, false);
}

void oriel_qemu_scanout_recheck(struct oriel_qemu_scanout *scanout) {
  atomic_store(&scanout->recheck, atomic_load(&scanout->has_picture));
}

void oriel_qemu_scanout_forget_cursor(struct oriel_qemu_scanout *scanout) {
  if (atomic_load(&scanout->has_cursor))
    scanout->sink->cursor_moved(scanout->sink->user, 0, 0, false);
}

void oriel_qemu_scanout_expect(struct oriel_qemu_scanout *scanout, uint32_t width, uint32_t height) {
  if (width > UINT16_MAX || height > UINT16_MAX)
    return;
  atomic_store(&scanout->expected, width << 16 | height);
  if (oriel_qemu_scanout_stale(scanout))
    scanout->events.stale(scanout->events.user);
}

bool oriel_qemu_scanout_stale(struct oriel_qemu_scanout *scanout) {
  unsigned expected = atomic_load(&scanout->expected);
  return atomic_load(&scanout->has_picture) &&
         (atomic_load(&scanout->missed) || (expected && expected != atomic_load(&scanout->size)));
}

void oriel_qemu_scanout_refresh(struct oriel_qemu_scanout *scanout) {
  const struct oriel_rect all = {.width = ORIEL_PICTURE_WIDTH_MAX, .height = ORIEL_PICTURE_HEIGHT_MAX};
  oriel_surface_damage(scanout->surface, all, oriel_clock_ns());
  scanout->sink->damaged(scanout->sink->user);
}

void oriel_qemu_scanout_size(struct oriel_qemu_scanout *scanout, uint16_t *width, uint16_t *height) {
  unsigned size = atomic_load(&scanout->size);
  *width = (uint16_t)(size >> 16);
  *height = (uint16_t)size;
}

uint64_t oriel_qemu_scanout_frames(struct oriel_qemu_scanout *scanout) {
  return atomic_load(&scanout->frames);
}
