/* SPDX-License-Identifier: MIT
 *
 * Options to source/guest_clipboard. Main thread.
 */
#include "cli/guest_clipboard.h"

#include "cli/guest_port.h"
#include "source/guest_clipboard.h"

int oriel_guest_clipboard_open(const struct oriel_desktop_options *options, const struct oriel_qemu *vm,
                               struct oriel_clipboard_end **end, char *why, size_t why_size) {
  char port[ORIEL_GUEST_PORT_SIZE];
  const char *ours = vm != NULL ? oriel_qemu_clipboard_path(vm) : NULL;
  *end = NULL;
  if (options->clipboard_listen != NULL)
    return oriel_guest_clipboard_create(options->clipboard_listen, false, end, why, why_size);
  if (!oriel_guest_port_find(options->address, ours, "clip.sock", port, sizeof port))
    return 0;
  return oriel_guest_clipboard_create(port, true, end, why, why_size);
}
