/* SPDX-License-Identifier: MIT
 *
 * Where settings come from and are kept: the property list, and over it what was set at run time.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time.
 */
#ifndef ORIEL_DRIVER_DARWIN_STORE_H
#define ORIEL_DRIVER_DARWIN_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/darwin/plugin.h"

/** Settings from the property list, and over them what was set at run time and kept by the daemon. Bad values are
 *  logged and left at their defaults. */
void store_load(struct plugin *plugin, struct settings *settings);
/** Takes settings text from the custom property: checks, keeps, applies, notifies. 0,
 *  kAudioHardwareIllegalOperationError. */
OSStatus store_set(struct plugin *plugin, CFStringRef text);
/** A text that the daemon keeps under `key`; an empty one is forgotten. */
void store_keep_text(const struct plugin *plugin, CFStringRef key, const char *text);
/** False: there is none that fits. */
bool store_load_text(const struct plugin *plugin, CFStringRef key, char *text, size_t size);
/** Settings and status as strings the caller releases. NULL when memory is short. */
CFStringRef store_copy_settings(const struct plugin *plugin);
CFStringRef store_copy_status(const struct plugin *plugin);

#endif
