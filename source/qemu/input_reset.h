/* SPDX-License-Identifier: MIT
 *
 * Releases all that a former client may have left held down. Thread-safety: any thread; never blocks.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_RESET_H
#define ORIEL_SOURCE_QEMU_INPUT_RESET_H

#include <gio/gio.h>
#include <stdbool.h>

/** Tells the console at `path` that each key, button and finger is up; asks for no answers. */
void oriel_qemu_input_reset(GDBusConnection *connection, const char *path, bool has_touch);

#endif
