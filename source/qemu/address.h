/* SPDX-License-Identifier: MIT
 *
 * The address of a QEMU: "qemu:QMP-SOCKET[?console=N]", or ?console=all; the path percent-encoded where it holds '%' or
 * '?'.
 *
 * Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_ADDRESS_H
#define ORIEL_SOURCE_QEMU_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* sun_path holds 108 bytes with its terminator (unix(7)). */
enum { ORIEL_QEMU_PATH_MAX = 107, ORIEL_QEMU_CONSOLE_MAX = 63 };

struct oriel_qemu_address {
  char path[ORIEL_QEMU_PATH_MAX + 1];
  unsigned console;
  bool all; /* every head of the machine, of which `console`, 0, is the first */
};

/** Parses an address. 0; -EINVAL with the reason, one sentence, in `why` (at least 160 bytes). */
int oriel_qemu_address_parse(const char *text, struct oriel_qemu_address *address, char *why, size_t why_size);

#endif
