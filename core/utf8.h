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
/** Whether a character of this size steers whoever shows it instead of being shown: C0, DEL, and C1 (U+0080..U+009F),
 *  which terminals obey, too. */
bool oriel_utf8_is_control(const void *character, size_t size);
/** Whether there is one among `size` bytes. */
bool oriel_utf8_has_control(const void *text, size_t size);
/** True when all `size` bytes are well-formed and none steers: what may stand in a menu or a log. */
bool oriel_utf8_is_line(const void *text, size_t size);
/** Makes a string fit for a log, a terminal or a menu: each control character and each byte that is not part of a
 *  well-formed character becomes '?'. It never grows. */
void oriel_utf8_sanitize(char *text);
/** Copies `size` bytes of text into `out`, cutting at a character's border after at most `limit` bytes; each byte that
 *  is not part of a well-formed character becomes '?'. Adds no NUL. Returns the bytes written. */
size_t oriel_utf8_copy(void *out, size_t limit, const void *text, size_t size);

#endif
