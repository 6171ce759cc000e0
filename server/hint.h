/* SPDX-License-Identifier: MIT
 *
 * What somebody who speaks plain HTTP to a TLS port is told: where the https address is. Pure. Thread-safety:
 * reentrant.
 */
#ifndef ORIEL_SERVER_HINT_H
#define ORIEL_SERVER_HINT_H

#include <stdbool.h>
#include <stddef.h>

#include "server/origin.h"

enum {
  ORIEL_HINT_HEAD_MAX = 2048, /* bytes of the request that are looked at */
  ORIEL_HINT_SIZE = 4096,     /* of an answer, at most */
};

/** Whether a connection that begins with this byte speaks plain HTTP: a method begins with a letter, a TLS record with
 *  its type, 22. */
bool oriel_hint_is_plain(unsigned char first);
/** Writes an answer of at most ORIEL_HINT_SIZE bytes to `answer` and returns its size: 307 to the same path under https
 *  when the request names a host that is served here, else 400 with the https address of `local` ("192.0.2.1:8443").
 *  `head` is the first `size` bytes of the request, whole or not; nothing of it but an allowed host and a plain path
 *  comes back. A browser keeps the fragment, and so the token, over a redirection. */
size_t oriel_hint_write(const char *head, size_t size, const struct oriel_origins *origins, const char *local,
                        char *answer);

#endif
