/* SPDX-License-Identifier: MIT
 *
 * A user's events as calls that wait. Thread-safety: input's lock is held.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_EVENTS_H
#define ORIEL_SOURCE_QEMU_INPUT_EVENTS_H

#include "source/input.h"
#include "source/qemu/input_state.h"

/** Adds the calls of an event. */
void input_push_event(struct oriel_qemu_input *input, const struct oriel_input *event);

#endif
