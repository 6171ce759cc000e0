/* SPDX-License-Identifier: MIT
 *
 * Lines of JSON objects out of a byte stream. Thread-safety: one owner.
 */
#ifndef ORIEL_SOURCE_QEMU_QMP_LINES_H
#define ORIEL_SOURCE_QEMU_QMP_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/** Splits a byte stream into lines of JSON objects. Zero-initialise; finish frees. */
struct oriel_qmp_lines {
  char *data;
  size_t size, capacity;
};

/* QEMU's longest answers are schemas of some 200 KiB; those we ask for are below 64 KiB. */
enum { ORIEL_QMP_LINE_MAX = 1024 * 1024 };

/** Adds bytes and calls `object` for each whole line (the object is borrowed; false stops). Blank lines are skipped.
 *  0, -EMSGSIZE (line too long), -EBADMSG (not a JSON object), -ENOMEM, -ECANCELED (`object` returned false). */
int oriel_qmp_lines_push(struct oriel_qmp_lines *lines, const char *bytes, size_t size,
                         bool (*object)(void *user, json_t *object), void *user);
void oriel_qmp_lines_finish(struct oriel_qmp_lines *lines);

#endif
