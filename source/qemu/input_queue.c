/* SPDX-License-Identifier: MIT
 *
 * Calls that wait: the newest position replaces one that still waits, motions add up, everything else keeps its order.
 * Lock held.
 */
#include "source/qemu/input_queue.h"

#include "source/input.h"
#include "source/qemu/input_calls.h"

enum { MOTION_MAX = 32767 };

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

/* True when `op` could be merged into the newest that waits. */
static bool coalesce(struct oriel_qemu_input *input, const struct op *op) {
  if (!input->op_count || !op_is_move(op))
    return false;
  struct op *last = &input->ops[(input->op_head + input->op_count - 1) % ORIEL_QEMU_INPUT_QUEUE];
  if (last->kind != op->kind || last->code != op->code || !op_is_move(last))
    return false;
  if (op->kind == OP_MOTION) {
    last->x = clamp(last->x + op->x, -MOTION_MAX, MOTION_MAX);
    last->y = clamp(last->y + op->y, -MOTION_MAX, MOTION_MAX);
  } else {
    *last = *op;
  }
  input->counts.coalesced++;
  return true;
}

void input_push(struct oriel_qemu_input *input, struct op op) {
  if (coalesce(input, &op))
    return;
  if (input->op_count == ORIEL_QEMU_INPUT_QUEUE) {
    input->counts.dropped++;
    input->overflowed = true;
    if (op.kind == OP_MARK)
      input_tell_typed(input, &op);
    return;
  }
  input->ops[(input->op_head + input->op_count++) % ORIEL_QEMU_INPUT_QUEUE] = op;
}

void input_push_held(struct oriel_qemu_input *input, struct op op) {
  held_note(&input->wanted, &op);
  input_push(input, op);
}

void input_push_missing(struct oriel_qemu_input *input) {
  for (unsigned i = 0; i < 256; i++)
    if (input->sent.keys[i] && !input->wanted.keys[i])
      input_push(input, (struct op){.kind = OP_KEY, .code = (uint8_t)i});
  for (unsigned i = 0; i < sizeof input->sent.buttons; i++)
    if (input->sent.buttons[i] && !input->wanted.buttons[i])
      input_push(input, (struct op){.kind = OP_BUTTON, .code = (uint8_t)i});
  for (unsigned i = 0; i < TOUCH_SLOTS; i++)
    if (input->sent.touches[i] && !input->wanted.touches[i])
      input_push(input, (struct op){.kind = OP_TOUCH, .code = (uint8_t)i, .phase = ORIEL_TOUCH_CANCEL});
}

void input_push_releases(struct oriel_qemu_input *input) {
  for (unsigned i = 0; i < 256; i++)
    if (input->wanted.keys[i])
      input_push_held(input, (struct op){.kind = OP_KEY, .code = (uint8_t)i});
  for (unsigned i = 0; i < sizeof input->wanted.buttons; i++)
    if (input->wanted.buttons[i])
      input_push_held(input, (struct op){.kind = OP_BUTTON, .code = (uint8_t)i});
  for (unsigned i = 0; i < TOUCH_SLOTS; i++)
    if (input->wanted.touches[i])
      input_push_held(input, (struct op){.kind = OP_TOUCH, .code = (uint8_t)i, .phase = ORIEL_TOUCH_CANCEL});
  input->unseen = (struct held){.keys = {false}};
  input->touch = -1;
  input->wheel_x = input->wheel_y = 0;
}

void input_tell_typed(struct oriel_qemu_input *input, const struct op *mark) {
  if (input->events.typed)
    input->events.typed(input->events.user, mark->mark, mark->dropped);
}

static struct op *op_at(struct oriel_qemu_input *input, size_t index) {
  return &input->ops[(input->op_head + index) % ORIEL_QEMU_INPUT_QUEUE];
}

/* What is wanted is what the guest will know to be down after all that still waits. */
void input_drop_text(struct oriel_qemu_input *input) {
  size_t kept = 0;
  unsigned dropped = 0;
  input->wanted = input->sent;
  for (size_t i = 0; i < input->op_count; i++) {
    struct op op = *op_at(input, i);
    if (op.is_text) {
      dropped++;
    } else if (op.kind == OP_MARK) {
      op.dropped += dropped;
      dropped = 0;
      input_tell_typed(input, &op);
    } else {
      held_note(&input->wanted, &op);
      *op_at(input, kept++) = op;
    }
  }
  input->op_count = kept;
  input->overflowed = false;
  input->text_down = 0;
  input->stalled_ns = 0;
}

void input_drop(struct oriel_qemu_input *input) {
  input_drop_text(input);
  input->op_count = 0;
}

struct op *input_head(struct oriel_qemu_input *input) {
  return &input->ops[input->op_head];
}

void input_pop(struct oriel_qemu_input *input) {
  input->op_head = (input->op_head + 1) % ORIEL_QEMU_INPUT_QUEUE;
  input->op_count--;
  if (!input->op_count && input->overflowed) {
    input->overflowed = false;
    input_push_missing(input);
  }
}
