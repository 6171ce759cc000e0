/* SPDX-License-Identifier: MIT
 *
 * Reads a page of metrics as strictly as Prometheus' text format 0.0.4 allows a reader to be, and stricter where ours
 * promises more: one HELP, then one TYPE, then the family's samples; no times; every series once.
 */
#ifndef ORIEL_TESTS_SERVER_EXPOSITION_H
#define ORIEL_TESTS_SERVER_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

enum { EXPOSITION_WHY = 256 };

/** True, or false with the line and what is wrong with it. */
bool exposition_check(const char *text, size_t size, char why[EXPOSITION_WHY]);
/** The value of one series, spelled as it stands there; -1 where there is none. */
double exposition_value(const char *text, const char *series);

#endif
