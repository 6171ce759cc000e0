/* SPDX-License-Identifier: MIT
 *
 * Properties of the devices. The rows of the property table name them.
 *
 * Thread-safety: threads of the daemon's that may block, several at a time; the engine has the lock.
 */
#ifndef ORIEL_DRIVER_DARWIN_PROPERTY_DEVICE_H
#define ORIEL_DRIVER_DARWIN_PROPERTY_DEVICE_H

#include "driver/darwin/property.h"

property_getter get_uid, get_model_uid, get_transport_type, get_clock_domain, get_running, get_can_be_default,
  get_rate, get_rates, get_period, get_clock_algorithm, get_related;
property_setter set_rate;
/** Asks the daemon for another rate. */
OSStatus change_rate(struct plugin *plugin, const struct object *object, Float64 rate);

#endif
