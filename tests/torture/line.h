/* SPDX-License-Identifier: MIT
 *
 * A connection to this host, with or without TLS. Blocking, with a limit of three seconds on every read and write.
 */
#ifndef ORIEL_TESTS_TORTURE_LINE_H
#define ORIEL_TESTS_TORTURE_LINE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct line {
  int fd; /* -1: it is not open */
  SSL *ssl; /* NULL = plain */
};

/** False where nobody answers there; then, too, line_close() ends it. Any certificate will do. */
bool line_open(struct line *line, unsigned port, bool tls);

/** All of it, or false. */
bool line_write(struct line *line, const void *data, size_t size);
bool line_read(struct line *line, void *data, size_t size);

void line_close(struct line *line);

#endif
