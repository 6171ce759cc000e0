/* SPDX-License-Identifier: MIT
 *
 * From a user's event to calls that wait: keys by number, positions or motions, wheels as clicks, fingers as a mouse
 * where there is no touch screen, text. Lock held.
 */
#include "source/qemu/input_events.h"

#include <stdlib.h>

#include "core/clock.h"
#include "source/qemu/input_queue.h"
#include "source/qemu/keymap.h"

enum {
  DETENT = 120,
  DETENTS_MAX = 16, /* of one event: a page of scrolling */
};

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

static bool *unseen_of(struct oriel_qemu_input *input, const struct op *op) {
  struct held *unseen = &input->unseen;
  return op->kind == OP_KEY      ? &unseen->keys[op->code]
         : op->kind == OP_BUTTON ? &unseen->buttons[op->code]
                                 : &unseen->touches[op->code];
}

/* What goes down while the VM is stopped is never seen by the guest, and its release neither; a release of what went
 * down before waits until the VM runs. */
static void push_change(struct oriel_qemu_input *input, struct op op, bool down) {
  bool *unseen = unseen_of(input, &op);
  if (input->stopped && down) {
    *unseen = true;
    input->counts.dropped++;
  } else if (*unseen) {
    *unseen = down;
  } else {
    input_push_held(input, op);
  }
}

static void push_button(struct oriel_qemu_input *input, unsigned button, bool pressed) {
  push_change(input, (struct op){.kind = OP_BUTTON, .code = (uint8_t)button, .phase = pressed}, pressed);
}

/* A key that is down and pressed again repeats. PS/2 keyboards do that by themselves, but QEMU's does not; systems
 * repeat those of USB and virtio. One that comes late is not worth waiting for. */
static void push_key(struct oriel_qemu_input *input, uint8_t key, bool pressed) {
  const bool repeats = pressed && input->wanted.keys[key];
  if (repeats && (input->stopped || input->op_count || input->devices.keyboard != ORIEL_QEMU_DEVICE_PS2))
    return;
  push_change(input, (struct op){.kind = OP_KEY, .code = key, .phase = pressed}, pressed);
}

/* Position or motion, whichever the guest understands. */
static void push_pointer(struct oriel_qemu_input *input, int32_t x, int32_t y) {
  x = clamp(x, 0, input->width ? input->width - 1 : 0);
  y = clamp(y, 0, input->height ? input->height - 1 : 0);
  if (input->absolute)
    input_push(input, (struct op){.kind = OP_POSITION, .x = x, .y = y});
  else if (!input->stopped && (x != input->x || y != input->y))
    input_push(input, (struct op){.kind = OP_MOTION, .x = x - input->x, .y = y - input->y});
  input->x = x;
  input->y = y;
}

static void push_motion(struct oriel_qemu_input *input, int32_t dx, int32_t dy) {
  if (input->absolute)
    push_pointer(input, input->x + dx, input->y + dy);
  else if (!input->stopped)
    input_push(input, (struct op){.kind = OP_MOTION, .x = dx, .y = dy});
}

/* Turns whole detents into clicks of a wheel "button"; the rest waits for the next event. */
static void push_wheel(struct oriel_qemu_input *input, int32_t *rest, int32_t delta, unsigned back, unsigned forward) {
  if (input->stopped)
    return;
  *rest += delta;
  int32_t detents = clamp(*rest / DETENT, -DETENTS_MAX, DETENTS_MAX);
  *rest %= DETENT;
  unsigned button = detents < 0 ? back : forward;
  for (int32_t i = 0; i < abs(detents); i++) {
    push_button(input, button, true);
    push_button(input, button, false);
  }
}

static void push_touch(struct oriel_qemu_input *input, enum oriel_touch_phase phase, uint8_t id, int32_t x, int32_t y) {
  if (id >= TOUCH_SLOTS || (unsigned)phase > ORIEL_TOUCH_CANCEL)
    return;
  bool begins = phase == ORIEL_TOUCH_DOWN, ends = phase == ORIEL_TOUCH_UP || phase == ORIEL_TOUCH_CANCEL;
  if (input->has_touch) {
    const struct op op = {.kind = OP_TOUCH, .code = id, .phase = (uint8_t)phase,
                          .x = clamp(x, 0, input->width ? input->width - 1 : 0),
                          .y = clamp(y, 0, input->height ? input->height - 1 : 0)};
    push_change(input, op, !ends);
    return;
  }
  /* The first finger is the pointer, and the left button while it is down. */
  if (begins && input->touch < 0) {
    input->touch = id;
    if (input->absolute)
      push_pointer(input, x, y);
    else
      input->x = x, input->y = y;
    push_button(input, QEMU_LEFT, true);
  } else if (input->touch == id) {
    if (phase != ORIEL_TOUCH_CANCEL)
      push_pointer(input, x, y);
    if (ends) {
      push_button(input, QEMU_LEFT, false);
      input->touch = -1;
    }
  }
}

/* Kept while the VM is stopped: a text arrives whole. What its sender wants to know is when, and what does not. */
static void push_text(struct oriel_qemu_input *input, const struct oriel_input *event) {
  const uint64_t dropped = input->counts.dropped;
  for (unsigned i = 0; i < event->text.count; i++) {
    const struct oriel_stroke *stroke = &event->text.strokes[i];
    uint8_t key = oriel_qemu_key_from_usage(stroke->usage);
    if (key)
      input_push_held(input, (struct op){.kind = OP_KEY, .code = key, .phase = stroke->pressed, .is_text = true});
  }
  input_push(input, (struct op){.kind = OP_MARK, .mark = event->text.mark,
                                .dropped = (unsigned)(input->counts.dropped - dropped)});
}

void input_push_event(struct oriel_qemu_input *input, const struct oriel_input *event) {
  static const uint8_t buttons[ORIEL_BUTTONS] = {
    [ORIEL_BUTTON_LEFT] = QEMU_LEFT, [ORIEL_BUTTON_MIDDLE] = QEMU_MIDDLE, [ORIEL_BUTTON_RIGHT] = QEMU_RIGHT,
    [ORIEL_BUTTON_SIDE] = QEMU_SIDE, [ORIEL_BUTTON_EXTRA] = QEMU_EXTRA,
  };
  uint8_t key;
  switch (event->type) {
  case ORIEL_INPUT_KEY:
    if ((key = oriel_qemu_key_from_usage(event->key.usage)))
      push_key(input, key, event->key.pressed);
    break;
  case ORIEL_INPUT_POINTER:
    push_pointer(input, event->pointer.x, event->pointer.y);
    break;
  case ORIEL_INPUT_MOTION:
    push_motion(input, event->motion.dx, event->motion.dy);
    break;
  case ORIEL_INPUT_BUTTON:
    if ((unsigned)event->button.button < ORIEL_BUTTONS)
      push_button(input, buttons[event->button.button], event->button.pressed);
    break;
  case ORIEL_INPUT_WHEEL:
    push_wheel(input, &input->wheel_y, event->wheel.dy, QEMU_WHEEL_UP, QEMU_WHEEL_DOWN);
    push_wheel(input, &input->wheel_x, event->wheel.dx, QEMU_WHEEL_LEFT, QEMU_WHEEL_RIGHT);
    break;
  case ORIEL_INPUT_TOUCH:
    push_touch(input, event->touch.phase, event->touch.id, event->touch.x, event->touch.y);
    break;
  case ORIEL_INPUT_RELEASE_ALL:
    input_drop_text(input);
    input_push_releases(input);
    break;
  case ORIEL_INPUT_TEXT:
    push_text(input, event);
    break;
  case ORIEL_INPUT_LOCKS:
    input_push(input, (struct op){.kind = OP_LOCKS, .code = event->locks.known, .phase = event->locks.on});
    break;
  }
}
