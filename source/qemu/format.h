/* SPDX-License-Identifier: MIT
 *
 * Pixel formats as QEMU numbers them. Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_FORMAT_H
#define ORIEL_SOURCE_QEMU_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "media/picture.h"

/** False for one of pixman's formats that no conversion exists for. */
bool oriel_qemu_format(uint32_t code, enum oriel_pixel_format *format);

#endif
