/* SPDX-License-Identifier: MIT
 *
 * Which accelerator to use: what is asked for, or the first that proves itself. Thread-safety: main thread.
 */
#ifndef ORIEL_VM_ACCEL_H
#define ORIEL_VM_ACCEL_H

#include <stdbool.h>
#include <stddef.h>

enum oriel_accel { ORIEL_ACCEL_AUTO, ORIEL_ACCEL_KVM, ORIEL_ACCEL_TCG, ORIEL_ACCEL_HVF };

/** Proves that an accelerator runs guest code: boots a 512-byte sector that writes to the debug-exit port, within
 *  `timeout_ms`. A /dev/kvm that opens but hangs fails here. 0; -ETIMEDOUT, -ENODEV, -EACCES; `why` filled. */
int oriel_accel_probe(const char *qemu, enum oriel_accel accel, unsigned timeout_ms, char *why, size_t why_size);
const char *oriel_accel_name(enum oriel_accel accel);
/** Parses "auto", "kvm", "tcg", "hvf". 0, -EINVAL. */
int oriel_accel_parse(const char *text, enum oriel_accel *accel);

/** What `wanted` means here: itself, after a probe; for AUTO the first that works, TCG at last. Answers are remembered
 * for this boot, so that a hanging /dev/kvm costs its time limit once; `fresh` asks anew. 0, with `why` empty or saying
 *  why AUTO fell back to TCG; errors of oriel_accel_probe for a `wanted` that does not work. */
int oriel_accel_choose(const char *qemu, const char *version, enum oriel_accel wanted, bool fresh,
                       enum oriel_accel *chosen, char *why, size_t why_size);

/** True with *works when `key` was remembered: for this boot, kernel and QEMU, in $XDG_CACHE_HOME/oriel/accelerators,
 *  one line each. */
bool oriel_accel_cache_read(const char *key, bool *works);
/** Remembers; failures are ignored, the next start then probes again. */
void oriel_accel_cache_write(const char *key, bool works);
/** "kvm BOOT-ID KERNEL QEMU-VERSION QEMU-PATH" without newlines. */
void oriel_accel_cache_key(const char *qemu, const char *version, enum oriel_accel accel, char *key, size_t key_size);

#endif
