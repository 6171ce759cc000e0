/* SPDX-License-Identifier: MIT
 *
 * The state of a scanout, which its files share. What is not atomic belongs to the thread of the listener's messages.
 */
#ifndef ORIEL_SOURCE_QEMU_SCANOUT_STATE_H
#define ORIEL_SOURCE_QEMU_SCANOUT_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/surface.h"
#include "source/qemu/scanout_events.h"
#include "source/qemu/shared_map.h"
#include "source/sink.h"

struct oriel_qemu_scanout {
  struct oriel_surface *surface;
  const struct oriel_source_sink *sink;
  struct oriel_qemu_scanout_events events;
  struct oriel_qemu_display display;
  atomic_bool has_cursor; /* a shape was defined */
  atomic_bool recheck;    /* see oriel_qemu_scanout_recheck */
  /* Since the registration: QEMU may send updates before the first whole picture. */
  atomic_bool has_picture;
  atomic_bool missed; /* an update did not fit the picture */
  /* width << 16 | height: of the last scanout, and as the console says. 0 = none. */
  atomic_uint size, expected;
  atomic_uint_fast64_t frames;
  struct oriel_qemu_map map;
  uint64_t logged_ns, refused; /* rate limit of the log */
  bool no_map_told;
};

#endif
