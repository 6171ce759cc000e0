/* SPDX-License-Identifier: MIT
 *
 * Properties of the streams. The rows of the property table name them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_STREAM_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_STREAM_H

#include "driver/darwin/property.h"

property_getter get_direction, get_terminal, get_format, get_formats;
property_setter set_format;

#endif
