/* SPDX-License-Identifier: MIT
 *
 * What the program reports to its user outside the log. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_REPORT_H
#define ORIEL_CLI_REPORT_H

enum { ORIEL_EXIT_OK = 0, ORIEL_EXIT_ERROR = 1, ORIEL_EXIT_USAGE = 2 };

/** Prints "oriel: " and one line on standard error, control characters replaced by '?'. Returns `code`,
 *  an exit status. */
int oriel_report(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
