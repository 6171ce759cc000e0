/* SPDX-License-Identifier: MIT
 *
 * USB HID keyboard usages to QEMU's key numbers. Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_KEYMAP_H
#define ORIEL_SOURCE_QEMU_KEYMAP_H

#include <stdint.h>

/** QEMU's number ("qnum": PC/XT set 1 scan code, with 0x80 added where the scan code has an E0 prefix) of a usage of
 *  HID page 0x07, or ORIEL_KEY_CONSUMER + one of page 0x0c; 0 = QEMU has none. */
uint8_t oriel_qemu_key_from_usage(uint16_t usage);

#endif
