/* SPDX-License-Identifier: MIT
 *
 * What the driver goes through under the simulator, whether it is linked in or comes out of the bundle that ships.
 */
#ifndef ORIEL_TESTS_DARWIN_DRIVER_CHECKS_H
#define ORIEL_TESTS_DARWIN_DRIVER_CHECKS_H

#include "tests/darwin/hal.h"

/** Runs all checks as a cmocka group. `bundle` is where the driver finds itself, NULL = nowhere; `fresh` gives the
 *  factory for each life of the daemon; `drop` ends it (or is NULL). */
int checks_run(const char *bundle, hal_factory (*fresh)(void), void (*drop)(void));

#endif
