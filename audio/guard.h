/* SPDX-License-Identifier: MIT
 *
 * Keeps a writer, or a reader that asked for it, alive when a peer cuts its memory off. Under a name on Linux nothing
 * can forbid that, to touch memory that is gone is SIGBUS, and a check before each touch would only be a race. So the
 * fault itself is handled: ordinary private memory, of zeros, is put in the place of the whole mapping, and the touch
 * is done again. The writer learns that nobody hears it; a reader finds generation 0.
 */
#ifndef ORIEL_AUDIO_GUARD_H
#define ORIEL_AUDIO_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/** Guards [base, base + size) until guard_remove; *cut becomes true when it was cut off. Installs the handler, unless
 *  it is there; it stays, and passes on every other fault. 0, -ENOMEM (64 guards), -errno. Any thread. */
int oriel_audio_guard_add(void *base, size_t size, atomic_bool *cut);
void oriel_audio_guard_remove(void *base);

#endif
