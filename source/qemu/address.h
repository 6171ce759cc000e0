/* SPDX-License-Identifier: MIT
 *
 * The address of a QEMU: "qemu:QMP-SOCKET[?console=N]", the path percent-encoded where it holds '%' or '?'.
 * Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_ADDRESS_H
#define ORIEL_SOURCE_QEMU_ADDRESS_H

#include <stddef.h>

/* sun_path holds 108 bytes with its terminator (unix(7)). */
enum { ORIEL_QEMU_PATH_MAX = 107, ORIEL_QEMU_CONSOLE_MAX = 63 };

struct oriel_qemu_address {
  char path[ORIEL_QEMU_PATH_MAX + 1];
  unsigned console;
};

/** Parses an address. 0; -EINVAL with the reason, one sentence, in `why` (at least 160 bytes). */
int oriel_qemu_address_parse(const char *text, struct oriel_qemu_address *address, char *why, size_t why_size);

#endif
