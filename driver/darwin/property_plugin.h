/* SPDX-License-Identifier: MIT
 *
 * Properties of the plug-in, and our own of both devices. The rows of the property table name them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_PLUGIN_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_PLUGIN_H

#include "driver/darwin/property.h"

property_getter get_device_of_uid, get_unknown, get_bundle, get_custom, get_settings, get_status;
property_setter set_settings;

#endif
