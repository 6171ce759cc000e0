/* SPDX-License-Identifier: MIT
 *
 * One GET to an oriel that serves. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_AUDIO_HTTP_H
#define ORIEL_CLI_AUDIO_HTTP_H

#include <stddef.h>

/** The body of http://HOST:PORT + path into `body`, NUL-terminated. 0; -errno with one line in `why`. Waits 5 s at most
 *  for each step. */
int oriel_audio_http_get(const char *url, const char *path, const char *token, char *body, size_t size, char *why,
                         size_t why_size);

#endif
