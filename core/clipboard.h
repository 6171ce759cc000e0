/* SPDX-License-Identifier: MIT
 *
 * A clipboard's text: what may be one, whoever says it. It is a packet of kind ORIEL_PACKET_CLIPBOARD, shared by
 * reference, whose bytes are wiped before they are freed.
 *
 * Thread-safety: none needed; a packet's as core/packet.h says.
 */
#ifndef ORIEL_CORE_CLIPBOARD_H
#define ORIEL_CORE_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/packet.h"

enum { ORIEL_CLIPBOARD_MAX = 1024 * 1024 }; /* bytes */

/** 0: `size` bytes are a text: 1..ORIEL_CLIPBOARD_MAX, well-formed UTF-8, none of them NUL; -ENODATA: none at all;
 *  -EMSGSIZE: too many; -EILSEQ: not UTF-8, or a NUL. */
int oriel_clipboard_check(const void *text, size_t size);
/** A copy of a text, the caller's reference. As oriel_clipboard_check, and -ENOMEM. */
int oriel_clipboard_create(const void *text, size_t size, struct oriel_packet **packet);
/** Whether both are the same text; NULL is none, and like no other. */
bool oriel_clipboard_equal(const struct oriel_packet *one, const struct oriel_packet *other);

#endif
