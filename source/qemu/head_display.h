/* SPDX-License-Identifier: MIT
 *
 * A head's console: its picture's listener, its input, its sizes. Thread-safety: the session's thread, but where said.
 */
#ifndef ORIEL_SOURCE_QEMU_HEAD_DISPLAY_H
#define ORIEL_SOURCE_QEMU_HEAD_DISPLAY_H

#include <glib.h>
#include <stdint.h>

#include "source/qemu/display.h"
#include "source/qemu/listener_config.h"
#include "source/qemu/scanout.h"

struct oriel_qemu_head;

/** A listener for the picture of a console, which `scanout` takes; the interfaces, what becomes of its end, and who
 *  hears of a refusal are the caller's to add. */
struct oriel_qemu_listener_config oriel_qemu_display_listener(struct oriel_qemu_scanout *scanout, gint *alive);
/** 0, -ENOMEM. */
int oriel_qemu_head_create_listener(struct oriel_qemu_head *head);
/** The control connection is ready. */
void oriel_qemu_head_attach(struct oriel_qemu_head *head);
void oriel_qemu_head_detach(struct oriel_qemu_head *head);
/** ORIEL_WATCH_*. */
void oriel_qemu_head_watch(struct oriel_qemu_head *head, unsigned what);
/** Asks the guest for a size, now and again whenever it comes back. */
void oriel_qemu_head_resize(struct oriel_qemu_head *head, uint16_t width, uint16_t height);
/** The picture may be stale; what to do about it takes its time. */
void oriel_qemu_head_stale(struct oriel_qemu_head *head);
/** What the listener learnt about the display. */
void oriel_qemu_head_display(struct oriel_qemu_head *head, const struct oriel_qemu_display *display);

#endif
