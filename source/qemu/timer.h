/* SPDX-License-Identifier: MIT
 *
 * A timer of a GMainContext. Thread-safety: the context's thread.
 */
#ifndef ORIEL_SOURCE_QEMU_TIMER_H
#define ORIEL_SOURCE_QEMU_TIMER_H

#include <glib.h>

/** Calls `function` with `user` every `delay_ms`, until it returns G_SOURCE_REMOVE, or the timer is stopped or started
 *  anew. *timer (NULL = it does not run) is not NULL until it is stopped. */
void oriel_qemu_timer_start(GMainContext *context, GSource **timer, unsigned delay_ms, GSourceFunc function,
                            gpointer user);
/** May be called from inside its function. One that does not run is fine. */
void oriel_qemu_timer_stop(GSource **timer);

#endif
