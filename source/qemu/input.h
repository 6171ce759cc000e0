/* SPDX-License-Identifier: MIT
 *
 * The way of keys, pointer and touch to QEMU: a bounded queue of D-Bus calls. The newest pointer position replaces one
 * that still waits; everything else keeps its order. Calls are sent from the caller's thread and nobody waits for an
 * answer; answers only count how far QEMU has come.
 *
 * Thread-safety: every function from any thread, but for create and destroy.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_H
#define ORIEL_SOURCE_QEMU_INPUT_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "source/input.h"
#include "source/qemu/input_config.h"
#include "source/qemu/schedstat.h"

struct oriel_qemu_input;

/** `context` (a reference is taken) is iterated by the session's thread. 0, -ENOMEM. */
int oriel_qemu_input_create(GMainContext *context, const struct oriel_qemu_input_events *events,
                            struct oriel_qemu_input **input);
/** Not while attached, and once nobody iterates the context. NULL is fine. */
void oriel_qemu_input_destroy(struct oriel_qemu_input *input);

/** Starts sending to a console object (path copied); forgets keys of an earlier QEMU, and releases what a former client
 *  may have left down, or does so once the VM runs. `has_touch`: the guest has a multi-touch device. */
void oriel_qemu_input_attach(struct oriel_qemu_input *input, GDBusConnection *connection, const char *path,
                             bool absolute, bool has_touch);
/** Stops sending and drops what waits. */
void oriel_qemu_input_detach(struct oriel_qemu_input *input);
/** Whether positions or motions reach the guest. */
void oriel_qemu_input_set_absolute(struct oriel_qemu_input *input, bool absolute);
/** QEMU drops input while the VM does not run: releases and text wait until it does, what goes down is ignored.
 *  `at_us`: when it stopped, real time; 0 = now. */
void oriel_qemu_input_set_running(struct oriel_qemu_input *input, bool running, int64_t at_us);
/** Which devices the pace has to fit. */
void oriel_qemu_input_set_devices(struct oriel_qemu_input *input, const struct oriel_qemu_devices *devices);
/** The threads whose turn text waits for; copied. */
void oriel_qemu_input_set_schedstat(struct oriel_qemu_input *input, const struct oriel_qemu_schedstat *schedstat);
/** How the guest's LEDs are, ORIEL_LOCK_*. */
void oriel_qemu_input_set_leds(struct oriel_qemu_input *input, unsigned leds);
/** Size of the picture, which bounds positions. */
void oriel_qemu_input_set_size(struct oriel_qemu_input *input, uint16_t width, uint16_t height);
/** An answer arrived on the connection (GDBus's worker thread). */
void oriel_qemu_input_answered(struct oriel_qemu_input *input, uint32_t reply_serial);

void oriel_qemu_input_send(struct oriel_qemu_input *input, const struct oriel_input *event);
/** Sends the release of all that is down at once, before anything that waits, and drops the rest. Not while the VM is
 *  stopped. */
void oriel_qemu_input_release_all(struct oriel_qemu_input *input);
/** Calls that QEMU has not answered; 0 while detached. */
size_t oriel_qemu_input_outstanding(struct oriel_qemu_input *input);
void oriel_qemu_input_counts(struct oriel_qemu_input *input, struct oriel_qemu_input_counts *counts);

#endif
