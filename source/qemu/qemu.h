/* SPDX-License-Identifier: MIT
 *
 * The source of kind "qemu:": one console of an unmodified QEMU. Thread-safety: as source/source.h says.
 */
#ifndef ORIEL_SOURCE_QEMU_QEMU_H
#define ORIEL_SOURCE_QEMU_QEMU_H

#include <stddef.h>

#include "source/impl.h"

/** As oriel_source_create, of an address that begins with "qemu:". */
int oriel_source_qemu_create(const char *address, struct oriel_source **source, char *why, size_t why_size);

#endif
