/* SPDX-License-Identifier: MIT
 *
 * The end of the demo guest: by the ACPI power button, or because somebody asked for it.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_POWER_H
#define ORIEL_GUEST_POWER_H

#include <stdbool.h>

/** Ends every process, SIGTERM first, and the machine: `how` is RB_POWER_OFF or RB_AUTOBOOT. */
_Noreturn void power_shut_down(int how);

/** Reads all that waits of the button's device. True when it was pressed. */
bool power_button_pressed(int fd);

#endif
