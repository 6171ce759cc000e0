/* SPDX-License-Identifier: MIT
 *
 * Which consoles of a QEMU its guest uses. QEMU does not say: one that is switched off has a picture of QEMU's own. So
 * each that nobody shows is registered with for as long as one picture takes, now and then and when its size changes.
 *
 * Thread-safety: everything on the session's thread; `changed` comes there, too.
 */
#ifndef ORIEL_SOURCE_QEMU_CONSOLE_SCAN_H
#define ORIEL_SOURCE_QEMU_CONSOLE_SCAN_H

#include <stdint.h>

struct oriel_qemu_session;
struct oriel_qemu_console_scan;

enum { ORIEL_QEMU_SCAN_CONSOLES = 16 }; /* that are looked at, the first apart; a virtio card has no more outputs */

/** Another set of consoles is in use: a bit each, of 1 to ORIEL_QEMU_SCAN_CONSOLES - 1. */
typedef void oriel_qemu_consoles_changed(void *user, uint32_t used);

/** 0, -ENOMEM. */
int oriel_qemu_console_scan_create(struct oriel_qemu_session *session, oriel_qemu_consoles_changed *changed, void *user,
                                   struct oriel_qemu_console_scan **scan);
void oriel_qemu_console_scan_destroy(struct oriel_qemu_console_scan *scan);

#endif
