/* SPDX-License-Identifier: MIT
 *
 * The table of properties: which objects have which, and what asks and sets them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTIES_H
#define ORIEL_DRIVER_DARWIN_PROPERTIES_H

#include "driver/darwin/plugin.h"

Boolean property_has(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address);
OSStatus property_settable(const struct plugin *plugin, AudioObjectID object,
                           const AudioObjectPropertyAddress *address, Boolean *settable);
OSStatus property_size(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                       UInt32 qualifier_size, const void *qualifier, UInt32 *size);
OSStatus property_get(const struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                      UInt32 qualifier_size, const void *qualifier, UInt32 capacity, UInt32 *size, void *data);
OSStatus property_set(struct plugin *plugin, AudioObjectID object, const AudioObjectPropertyAddress *address,
                      UInt32 size, const void *data);

#endif
