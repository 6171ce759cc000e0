/* SPDX-License-Identifier: MIT
 *
 * FNV-1a with 64 bits: tells contents apart that nobody forges; not for secrets. Thread-safety: stateless.
 */
#ifndef ORIEL_CORE_HASH_H
#define ORIEL_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/** Of `size` bytes. */
uint64_t oriel_hash(const void *data, size_t size);

#endif
