/* SPDX-License-Identifier: MIT
 *
 * FNV-1a. Stateless.
 */
#include "core/hash.h"

uint64_t oriel_hash(const void *data, size_t size) {
  const uint8_t *bytes = data;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}
