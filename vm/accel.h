/* SPDX-License-Identifier: MIT
 *
 * Which accelerator to use: what is asked for, or the first that proves itself. Thread-safety: main thread.
 */
#ifndef ORIEL_VM_ACCEL_H
#define ORIEL_VM_ACCEL_H

#include "vm/qemu.h"

/** Answers are remembered for this boot, kernel and QEMU, in $XDG_CACHE_HOME/oriel/accelerators, one line each. */
int oriel_accel_cache_path(char *path, size_t path_size);
/** True with *works when `key` was remembered. */
bool oriel_accel_cache_read(const char *key, bool *works);
/** Remembers; failures are ignored, the next start then probes again. */
void oriel_accel_cache_write(const char *key, bool works);
/** "kvm BOOT-ID KERNEL QEMU-VERSION QEMU-PATH" without newlines. */
void oriel_accel_cache_key(const char *qemu, const char *version, enum oriel_accel accel, char *key, size_t key_size);

#endif
