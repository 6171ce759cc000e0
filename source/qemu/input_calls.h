/* SPDX-License-Identifier: MIT
 *
 * Input as D-Bus calls, and what QEMU has answered of them. Thread-safety: input's lock is held.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_CALLS_H
#define ORIEL_SOURCE_QEMU_INPUT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "source/qemu/input_state.h"

/** Whether a call only moves: the newest of several is enough. */
bool op_is_move(const struct op *op);
/** What is held down after a call. */
void held_note(struct held *held, const struct op *op);
/** Hands a call to GDBus. */
void input_call(struct oriel_qemu_input *input, const struct op *op);
/** QEMU answered; it does so in order. True when the number is one of ours. */
bool input_acknowledge(struct oriel_qemu_input *input, uint32_t serial);
/** QEMU stopped at this real time: remembers the releases that it may have dropped. */
void input_note_lost(struct oriel_qemu_input *input, int64_t at_us);

#endif
