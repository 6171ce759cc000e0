/* SPDX-License-Identifier: MIT
 *
 * QEMU's cursor shapes as packets. Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_CURSOR_H
#define ORIEL_SOURCE_QEMU_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

enum {
  ORIEL_CURSOR_SIZE_MAX = 256,        /* of the packet; larger shapes are halved until they fit */
  ORIEL_QEMU_CURSOR_SIZE_MAX = 2048,  /* that QEMU may send */
};

/** Makes an ORIEL_PACKET_CURSOR of `size` bytes B,G,R,A. Guests hand QEMU premultiplied (Linux) or straight alpha
 *  (others) without saying which: a pixel with a colour above its alpha proves straight. 0; -EINVAL (sizes, size);
 *  -ENOMEM. */
int oriel_qemu_cursor_create(int32_t width, int32_t height, int32_t hot_x, int32_t hot_y, const uint8_t *bgra,
                             size_t size, uint64_t captured_ns, struct oriel_packet **packet);

#endif
