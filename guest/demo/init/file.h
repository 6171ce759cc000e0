/* SPDX-License-Identifier: MIT
 *
 * Whole-file helpers for the demo guest's init: small reads and writes in /proc, /sys and /run.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_FILE_H
#define ORIEL_GUEST_FILE_H

#include <stdbool.h>
#include <stddef.h>

/** Reads at most size - 1 bytes of path into text and ends them with NUL. Returns the length or -errno. */
int file_read(const char *path, char *text, size_t size);

/** Like file_read, but keeps the first line only, without its newline. */
int file_read_line(const char *path, char *text, size_t size);

/** Creates or truncates path and writes text to it. Returns 0 or -errno. */
int file_write(const char *path, const char *text);

/** Says what failed on the kernel's log, where a developer with `console=ttyS0` sees it. */
__attribute__((format(printf, 1, 2))) void init_log(const char *format, ...);

#endif
