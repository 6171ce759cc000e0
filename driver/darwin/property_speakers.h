/* SPDX-License-Identifier: MIT
 *
 * Properties of where the devices' speakers are. The rows of the property table name them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_SPEAKERS_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_SPEAKERS_H

#include "driver/darwin/property.h"

property_getter get_stereo, get_channel_name, get_layout;
property_setter set_stereo, set_layout;

/** Where the speakers were put, from what the daemon keeps. */
void speakers_load(struct plugin *plugin);
/** Tells the engine where the speakers of the output are. After its channels changed. */
void speakers_place(struct plugin *plugin);

#endif
