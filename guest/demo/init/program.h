/* SPDX-License-Identifier: MIT
 *
 * The processes that init starts, each in a session of its own; their diagnostics go to files in /run.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_PROGRAM_H
#define ORIEL_GUEST_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROGRAM_USER_ID = 1000 }; /* of the desktop's user */

/** Starts seatd and waits, five seconds at most, until it takes connections. */
void program_start_seatd(void);

/** Starts the compositor as the desktop's user; `has_input`: input devices exist already. Its process, or -1. */
pid_t program_start_sway(bool has_input);

/** Loads the modules that can wait until there is a terminal to look at (sound, the power button), and sets the mixer.
 *  Its process, or -1. */
pid_t program_start_late(void);

/** Starts a root shell on ttyS0. Its process, or -1. */
pid_t program_start_serial_shell(void);

#endif
