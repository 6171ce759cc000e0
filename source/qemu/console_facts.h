/* SPDX-License-Identifier: MIT
 *
 * What QEMU says about a console on D-Bus. Stateless. Thread-safety: none needed.
 */
#ifndef ORIEL_SOURCE_QEMU_CONSOLE_FACTS_H
#define ORIEL_SOURCE_QEMU_CONSOLE_FACTS_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define ORIEL_QEMU_CONSOLE "org.qemu.Display1.Console"
#define ORIEL_QEMU_MOUSE "org.qemu.Display1.Mouse"
#define ORIEL_QEMU_KEYBOARD "org.qemu.Display1.Keyboard"

/** What QEMU says about one console. */
struct oriel_qemu_console_facts {
  bool exists, is_graphic;
  bool has_touch, absolute, has_leds;
  unsigned locks;         /* the guest's LEDs, ORIEL_LOCK_* */
  uint32_t width, height; /* pixels; 0 = not said */
};

/** Takes over what its object's interfaces, a{sa{sv}}, say; the rest stays. */
void oriel_qemu_console_read(struct oriel_qemu_console_facts *facts, GVariant *interfaces);
/** QEMU's LEDs as ORIEL_LOCK_*. */
unsigned oriel_qemu_locks_of(uint32_t leds);

#endif
