/* SPDX-License-Identifier: MIT
 *
 * Properties of the volume and mute controls. The rows of the property table name them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_CONTROL_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_CONTROL_H

#include "driver/darwin/property.h"

property_getter get_control_scope, get_scalar, get_decibels, get_decibel_range, get_scalar_as_decibels,
  get_decibels_as_scalar, get_mute;
property_setter set_scalar, set_decibels, set_mute;

#endif
