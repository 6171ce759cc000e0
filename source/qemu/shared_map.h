/* SPDX-License-Identifier: MIT
 *
 * A picture that QEMU keeps in shared memory: its file, between a ScanoutMap and the next whole picture, and the copy
 * of those rows that were read last. Owns both.
 *
 * Thread-safety: one owner (the thread of the listener's messages).
 */
#ifndef ORIEL_SOURCE_QEMU_SHARED_MAP_H
#define ORIEL_SOURCE_QEMU_SHARED_MAP_H

#include <gio/gunixfdlist.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/qemu/shape.h"

/** Initialise with fd -1 and zeros. */
struct oriel_qemu_map {
  int fd; /* -1 = none */
  uint64_t offset; /* of the first pixel in the file */
  struct oriel_qemu_shape shape;
  uint8_t *pixels; /* what was read; grows to the largest rectangle */
  size_t size;
};

/** Takes the descriptor of that number out of `fds` (may be NULL), whose others are closed, for a picture of a checked
 *  shape, in place of the former one. Only regular files (memfd, shm) that are as large as the picture are taken:
 *  reading another kind could block. False: there is none, and the former one stays. */
bool oriel_qemu_map_take(struct oriel_qemu_map *map, GUnixFDList *fds, int32_t handle, uint32_t offset,
                         const struct oriel_qemu_shape *shape);
/** Reads a rectangle of the map, whose first pixel is `offset` bytes into the file, into `pixels`, rows at the shape's
 *  stride. NULL, or why it could not be read (static). */
const char *oriel_qemu_map_read(struct oriel_qemu_map *map, uint64_t offset, const struct oriel_qemu_shape *shape);
/** Closes the file. */
void oriel_qemu_map_drop(struct oriel_qemu_map *map);
/** Closes the file and frees the copy. */
void oriel_qemu_map_finish(struct oriel_qemu_map *map);

#endif
