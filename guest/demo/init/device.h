/* SPDX-License-Identifier: MIT
 *
 * What a udev daemon would do here, and no more: it tells libinput and wlroots (through libudev's database in
 * /run/udev/data) which input devices and graphics cards there are, and gives the desktop's user access to sound.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_DEVICE_H
#define ORIEL_GUEST_DEVICE_H

#include <stdbool.h>

/** Describes every input and graphics device that exists now. Returns how many input devices there are. */
int device_describe_all(void);

/** Describes one event device ("event3"). Returns false if it is none that the compositor should use; the ACPI power
 *  button is init's own. */
bool device_describe_input(const char *name);

/** Lets everybody use the sound devices and the first serial port; call again when modules added some. */
void device_allow_user(void);

/** Opens the ACPI power button for reading, or returns -1. The caller owns the descriptor. */
int device_open_power_button(void);

#endif
