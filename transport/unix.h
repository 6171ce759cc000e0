/* SPDX-License-Identifier: MIT
 *
 * Sockets that are files. Private to transport/. Thread-safety: none needed, no state.
 */
#ifndef ORIEL_TRANSPORT_UNIX_H
#define ORIEL_TRANSPORT_UNIX_H

#include "transport/scheme.h"

/** Fills a socket's name. 0, -EINVAL (empty), -ENAMETOOLONG. */
int oriel_unix_name(const char *path, struct oriel_endpoint *endpoint);
/** The path inside such a name. Borrowed. */
const char *oriel_unix_path(const struct oriel_endpoint *endpoint);
void oriel_unix_tune(int fd);
/** Binds; a socket file nobody answers at is replaced, anything else that is in the way stays and is an error. */
int oriel_unix_bind(int fd, const struct oriel_endpoint *endpoint, char *why, size_t why_size);

extern const struct oriel_transport_impl oriel_transport_unix;

#endif
