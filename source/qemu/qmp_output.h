/* SPDX-License-Identifier: MIT
 *
 * Commands that wait for the socket, each with at most one file descriptor. Owns copies of both. Never blocks.
 * Thread-safety: one owner.
 */
#ifndef ORIEL_SOURCE_QEMU_QMP_OUTPUT_H
#define ORIEL_SOURCE_QEMU_QMP_OUTPUT_H

#include <stddef.h>

struct oriel_qmp_chunk;

/** Zero-initialise; finish frees. */
struct oriel_qmp_output {
  struct oriel_qmp_chunk *first, *last; /* NULL = nothing waits */
  size_t size;                          /* bytes that wait */
};

/** Adds a line of text, its end apart, and a descriptor (-1 = none), which is duplicated. 0; -EAGAIN (64 KiB wait
 *  already); -ENOMEM; -errno of duplicating. */
int oriel_qmp_output_add(struct oriel_qmp_output *output, const char *text, size_t size, int fd);
/** Sends what the socket takes. 0, or -errno when the connection is broken. */
int oriel_qmp_output_flush(struct oriel_qmp_output *output, int socket);
/** Drops what waits. */
void oriel_qmp_output_finish(struct oriel_qmp_output *output);

#endif
