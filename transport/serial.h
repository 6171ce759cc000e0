/* SPDX-License-Identifier: MIT
 *
 * Serial ports, virtio's among them. Private to transport/. Thread-safety: none needed, no state.
 */
#ifndef ORIEL_TRANSPORT_SERIAL_H
#define ORIEL_TRANSPORT_SERIAL_H

#include "transport/scheme.h"

extern const struct oriel_transport_impl oriel_transport_serial;

#endif
