/* SPDX-License-Identifier: MIT
 *
 * Signals that end oriel. Thread-safety: main thread; oriel_interrupted may be read by any.
 */
#ifndef ORIEL_CLI_SIGNALS_H
#define ORIEL_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

enum { ORIEL_END_SIGNALS = 4 };
extern const int oriel_end_signals[ORIEL_END_SIGNALS];

/** Becomes true at the first of them before the loop looks after them, and when a VM that is being started is no longer
 *  wanted. */
extern volatile sig_atomic_t oriel_interrupted;

/** nohup stays nohup. An ignored SIGINT, which shells give to background jobs, is not what the user chose. */
bool oriel_signal_wanted(int number);
/** Remembers signals from here on, until the loop looks after them: a QEMU that is just starting is not left behind. */
void oriel_signals_catch(void);

#endif
