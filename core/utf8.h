/* SPDX-License-Identifier: MIT
 *
 * Reading UTF-8 that others wrote: a guest's name, a viewer's words. Pure; any thread.
 */
#ifndef ORIEL_CORE_UTF8_H
#define ORIEL_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** Bytes (1..4) of the well-formed character that starts at `text`, or 0 when `size` is 0, the character is cut off or
 *  the bytes are not one (overlong, surrogate, beyond U+10FFFF: Unicode 15, table 3-7). */
size_t oriel_utf8_character(const void *text, size_t size);
/** True when all `size` bytes are well-formed and none is NUL. */
bool oriel_utf8_valid(const void *text, size_t size);
/** Copies `size` bytes of text into `out`, cutting at a character's border after at most `limit` bytes; each byte that
 *  is not part of a well-formed character becomes '?'. Adds no NUL. Returns the bytes written. */
size_t oriel_utf8_copy(void *out, size_t limit, const void *text, size_t size);

#endif
