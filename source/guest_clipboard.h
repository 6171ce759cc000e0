/* SPDX-License-Identifier: MIT
 *
 * The clipboard of a guest by its agent's stream: docs/protocols/clipboard.md. An end of the desktop's clipboard. One
 * guest at a time: the newest, since an older connection may be half open. What a peer does wrong ends its stream, with
 * a line in the log at most every ten seconds, and nothing else. It tells of at most 50 texts a second, the newest, and
 * reads at most 5 MiB a second.
 *
 * Thread-safety: as source/clipboard_end.h says; create as start.
 */
#ifndef ORIEL_SOURCE_GUEST_CLIPBOARD_H
#define ORIEL_SOURCE_GUEST_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "source/clipboard_end.h"

/** Listens at `address` (transport/address.h; no datagrams, no options) at once, so that a wrong or taken one is told
 *  now: `why` (at least 256 bytes) says which and why. `dials_unix`: unix:// is dialed, not listened at, since QEMU
 *  listens for the port it gave its guest; then something is there when it knocks. 0, -EINVAL, -EADDRINUSE, -ENOMEM,
 *  other -errno. */
int oriel_guest_clipboard_create(const char *address, bool dials_unix, struct oriel_clipboard_end **end, char *why,
                                 size_t why_size);

#endif
