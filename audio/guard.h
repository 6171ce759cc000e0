/* SPDX-License-Identifier: MIT
 *
 * Keeps a writer alive when a peer cuts its memory off. Under a name on Linux nothing can forbid that, a store to
 * memory that is gone is SIGBUS, and a check before each store would only be a race. So the fault itself is handled:
 * ordinary private memory is put in the place of the whole mapping, the store is done again, and the writer learns
 * that nobody hears it.
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
