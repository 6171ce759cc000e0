/* SPDX-License-Identifier: MIT
 *
 * Where the agent's clipboard is taken, from the options and from what the VM has. Main thread.
 */
#ifndef ORIEL_CLI_GUEST_CLIPBOARD_H
#define ORIEL_CLI_GUEST_CLIPBOARD_H

#include "cli/desktop_options.h"
#include "source/clipboard_end.h"
#include "vm/qemu.h"

/** *end may become NULL: nothing was asked for and the VM has no such port. `vm` may be NULL. 0, or -errno with a
 *  sentence in `why` (at least 512 bytes). */
int oriel_guest_clipboard_open(const struct oriel_desktop_options *options, const struct oriel_qemu *vm,
                               struct oriel_clipboard_end **end, char *why, size_t why_size);

#endif
