/* SPDX-License-Identifier: MIT
 *
 * Properties that objects of several kinds have. The rows of the property table name them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_OBJECT_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_OBJECT_H

#include "driver/darwin/property.h"

property_getter get_base, get_class, get_owner, get_name, get_maker, get_model, get_serial, get_firmware, get_owned,
  get_devices, get_streams, get_controls, get_one, get_zero, get_none;

#endif
