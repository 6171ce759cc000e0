/* SPDX-License-Identifier: MIT
 *
 * Timers of a GMainContext. The context's thread.
 */
#include "source/qemu/timer.h"

void oriel_qemu_timer_start(GMainContext *context, GSource **timer, unsigned delay_ms, GSourceFunc function,
                            gpointer user) {
  oriel_qemu_timer_stop(timer);
  *timer = g_timeout_source_new(delay_ms);
  g_source_set_callback(*timer, function, user, NULL);
  g_source_attach(*timer, context);
}

void oriel_qemu_timer_stop(GSource **timer) {
  if (!*timer)
    return;
  g_source_destroy(*timer);
  g_source_unref(*timer);
  *timer = NULL;
}
