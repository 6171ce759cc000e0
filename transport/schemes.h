/* SPDX-License-Identifier: MIT
 *
 * The one table of schemes. Private to transport/. Thread-safety: none needed; it is constant.
 */
#ifndef ORIEL_TRANSPORT_SCHEMES_H
#define ORIEL_TRANSPORT_SCHEMES_H

#include "transport/scheme.h"

/** The table's entry; NULL for schemes that are no stream (shm). */
const struct oriel_transport_impl *oriel_transport_impl(enum oriel_transport_scheme scheme);

#endif
