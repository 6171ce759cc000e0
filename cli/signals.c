/* SPDX-License-Identifier: MIT
 *
 * Signals that end oriel. Main thread.
 */
#include "cli/signals.h"

#include <stddef.h>

volatile sig_atomic_t oriel_interrupted;

/* SIGQUIT, too: by itself it would leave QEMU behind, and with a core that holds the token. */
const int oriel_end_signals[ORIEL_END_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

bool oriel_signal_wanted(int number) {
  struct sigaction old;
  return number != SIGHUP || sigaction(number, NULL, &old) < 0 || old.sa_handler != SIG_IGN;
}

static void early_signal(int number) {
  (void)number;
  oriel_interrupted = 1;
}

void oriel_signals_catch(void) {
  struct sigaction action = {.sa_handler = early_signal};
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < ORIEL_END_SIGNALS; i++)
    if (oriel_signal_wanted(oriel_end_signals[i]))
      sigaction(oriel_end_signals[i], &action, NULL);
}
