/* SPDX-License-Identifier: MIT
 *
 * The source of kind "pattern:": a synthetic desktop. Thread-safety: as source/source.h says.
 */
#ifndef ORIEL_SOURCE_PATTERN_PATTERN_H
#define ORIEL_SOURCE_PATTERN_PATTERN_H

#include <stddef.h>

#include "source/impl.h"

/** As oriel_source_create, of an address that begins with "pattern:". */
int oriel_source_pattern_create(const char *address, struct oriel_source **source, char *why, size_t why_size);

#endif
