/* SPDX-License-Identifier: MIT
 *
 * The line log of `flash --log PATH`: tests read there what exactly arrived. Never blocks; a reader that falls a
 * whole buffer behind loses lines, and a line `lost N` says so.
 * Thread-safety: none needed, flash has one thread.
 */
#ifndef ORIEL_GUEST_FLASH_LOG_H
#define ORIEL_GUEST_FLASH_LOG_H

#include <stdbool.h>

/** Opens the log. Returns 0 or -errno. Without it the other calls do nothing. */
int log_open(const char *path);

/** Appends one line; the newline is added. */
__attribute__((format(printf, 1, 2))) void log_line(const char *format, ...);

/** The descriptor to poll for writing while log_pending() says so; -1 if there is no log. */
int log_fd(void);
bool log_pending(void);

/** Writes what the reader takes now. */
void log_flush(void);

#endif
