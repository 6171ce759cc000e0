/* SPDX-License-Identifier: MIT
 *
 * First steps of the demo guest: file systems, kernel modules, command line.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_BOOT_H
#define ORIEL_GUEST_BOOT_H

#include <stdbool.h>
#include <stddef.h>

/** Mounts /proc, /sys, /dev and the rest, names the host, brings up nothing else. */
void boot_mount(void);

/** Loads the modules of a list: one `path [parameters]` per line, in order. Missing hardware is no error. */
void boot_load_modules(const char *list);

/** Copies the value of `name=` on the kernel command line, with %XX and + decoded. False if it is not there. */
bool boot_option(const char *name, char *value, size_t size);

/** True if the kernel command line says `name=1`. */
bool boot_flag(const char *name);

#endif
