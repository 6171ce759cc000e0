/* SPDX-License-Identifier: MIT
 *
 * Sends what waits and may be sent: as far as QEMU has answered, at the pace of the guest's devices, with lock keys in
 * step. Thread-safety: any thread, input's lock held.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_PUMP_H
#define ORIEL_SOURCE_QEMU_INPUT_PUMP_H

#include <stdint.h>

#include "source/qemu/input_state.h"

/** Sends all that may go now; for the rest the timer is set, or an answer comes. */
void input_pump(struct oriel_qemu_input *input);
/** Has the timer fire in `wait_ns`, unless it does so earlier. */
void input_set_timer(struct oriel_qemu_input *input, uint64_t wait_ns);
/** Releases what a former client left down, once, and only while the VM runs. */
void input_reset_if_running(struct oriel_qemu_input *input);
/** The VM goes on: what it may have missed, then modifiers that went down meanwhile. */
void input_catch_up(struct oriel_qemu_input *input);

#endif
