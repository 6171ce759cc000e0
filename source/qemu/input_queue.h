/* SPDX-License-Identifier: MIT
 *
 * Calls that wait, and what the user holds down. Thread-safety: input's lock is held.
 */
#ifndef ORIEL_SOURCE_QEMU_INPUT_QUEUE_H
#define ORIEL_SOURCE_QEMU_INPUT_QUEUE_H

#include "source/qemu/input_state.h"

/** Puts a call behind the others, or merges it into the newest. */
void input_push(struct oriel_qemu_input *input, struct op op);
/** The same, and it is what the user wants from now on. */
void input_push_held(struct oriel_qemu_input *input, struct op op);
/** Releases what the guest still holds and the user does not. */
void input_push_missing(struct oriel_qemu_input *input);
void input_push_releases(struct oriel_qemu_input *input);
/** Drops all that waits; whoever waits for a text is told. */
void input_drop(struct oriel_qemu_input *input);
/** Drops what waits of texts, whose senders are told; all else keeps its order. */
void input_drop_text(struct oriel_qemu_input *input);
/** Tells whose text it was. */
void input_tell_typed(struct oriel_qemu_input *input, const struct op *mark);
struct op *input_head(struct oriel_qemu_input *input);
void input_pop(struct oriel_qemu_input *input);

#endif
