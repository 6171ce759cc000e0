/* SPDX-License-Identifier: MIT
 *
 * Inside of the driver's checks. The test's thread.
 */
#ifndef ORIEL_TESTS_DARWIN_DRIVER_CHECKS_IMPL_H
#define ORIEL_TESTS_DARWIN_DRIVER_CHECKS_IMPL_H

#include "tests/darwin/driver/checks.h"

/** A life of the daemon with the driver in it; and its end, in which no fault may have been found. */
struct hal *checks_open(bool real_time);
void checks_close(struct hal *hal);

/* checks_link.c: with peers of the transports. */
void driver_carries_what_is_played(void **state);
void driver_brings_what_is_sent(void **state);
void driver_callbacks_wait_for_no_peer(void **state);
void driver_survives_removal_in_mid_cycle(void **state);

#endif
