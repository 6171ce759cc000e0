/* SPDX-License-Identifier: MIT
 *
 * Log lines on standard error, as text or as one JSON object a line. Thread-safety: every function may be called from
 * any thread; a line is written by one write(2) and never torn. Not for real-time (audio callback) paths. Never pass a
 * token, a cookie or the text a user typed.
 */
#ifndef ORIEL_CORE_LOG_H
#define ORIEL_CORE_LOG_H

#include <stdbool.h>

enum oriel_log_level {
  ORIEL_LOG_ERROR,
  ORIEL_LOG_WARN,
  ORIEL_LOG_INFO,
  ORIEL_LOG_DEBUG,
};

/** Sets the least urgent level that is written and the form of lines. Default: info, text. */
void oriel_log_configure(enum oriel_log_level level, bool json);

/** Parses "error", "warn", "info" or "debug". Returns 0, or -EINVAL with *level untouched. */
int oriel_log_level_parse(const char *text, enum oriel_log_level *level);
/** The word that parses to it; static. */
const char *oriel_log_level_name(enum oriel_log_level level);

/** True when a line of this level would be written; guards costly arguments. */
bool oriel_log_enabled(enum oriel_log_level level);

/** Writes one line: time, level, subsystem ("server", "source/qemu"), message. Longer than 1 KiB is cut with "...";
 *  control characters (a guest's or viewer's words may be in it) are replaced by '?'. errno is kept. */
void oriel_log(enum oriel_log_level level, const char *subsystem, const char *format, ...)
  __attribute__((format(printf, 3, 4)));

#define oriel_error(subsystem, ...) oriel_log(ORIEL_LOG_ERROR, subsystem, __VA_ARGS__)
#define oriel_warn(subsystem, ...) oriel_log(ORIEL_LOG_WARN, subsystem, __VA_ARGS__)
#define oriel_info(subsystem, ...) oriel_log(ORIEL_LOG_INFO, subsystem, __VA_ARGS__)
#define oriel_debug(subsystem, ...) oriel_log(ORIEL_LOG_DEBUG, subsystem, __VA_ARGS__)

#endif
