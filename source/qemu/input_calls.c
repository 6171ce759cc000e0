/* SPDX-License-Identifier: MIT
 *
 * Input as D-Bus calls, what QEMU has answered of them, and which releases it may have dropped. Lock held.
 */
#include "source/qemu/input_calls.h"

#include "source/input.h"

#define CONSOLE_KEYBOARD "org.qemu.Display1.Keyboard"
#define CONSOLE_MOUSE "org.qemu.Display1.Mouse"
#define CONSOLE_TOUCH "org.qemu.Display1.MultiTouch"

bool op_is_move(const struct op *op) {
  return op->kind == OP_POSITION || op->kind == OP_MOTION || (op->kind == OP_TOUCH && op->phase == ORIEL_TOUCH_MOVE);
}

/* QEMU scales a position to 0..32767 and the guest scales it back, both rounding down, so x arrives a hair left of x
 * and counts as x - 1 (seen with virtio-tablet and libinput). One more arrives a hair left of x + 1: on pixel x. The
 * first pixel is exact as it is, and QEMU refuses anything beyond the last. */
static guint32 axis_position(int32_t value, int32_t size) {
  return (guint32)(value > 0 && value + 1 < size ? value + 1 : value);
}

static GDBusMessage *op_message(const struct oriel_qemu_input *input, const struct op *op) {
  const char *interface = CONSOLE_MOUSE, *member = op->phase ? "Press" : "Release";
  GVariant *body = NULL;
  switch (op->kind) {
  case OP_KEY:
    interface = CONSOLE_KEYBOARD;
    body = g_variant_new("(u)", (guint32)op->code);
    break;
  case OP_BUTTON:
    body = g_variant_new("(u)", (guint32)op->code);
    break;
  case OP_POSITION:
    member = "SetAbsPosition";
    body = g_variant_new("(uu)", axis_position(op->x, input->width), axis_position(op->y, input->height));
    break;
  case OP_MOTION:
    member = "RelMotion";
    body = g_variant_new("(ii)", op->x, op->y);
    break;
  case OP_TOUCH:
    interface = CONSOLE_TOUCH;
    member = "SendEvent";
    body = g_variant_new("(utdd)", (guint32)op->phase, (guint64)op->code,
                         (double)axis_position(op->x, input->width), (double)axis_position(op->y, input->height));
    break;
  case OP_MARK:
  case OP_LOCKS:
    break; /* no calls */
  }
  GDBusMessage *message = g_dbus_message_new_method_call(NULL, input->path, interface, member);
  g_dbus_message_set_body(message, body);
  return message;
}

void held_note(struct held *held, const struct op *op) {
  if (op->kind == OP_KEY)
    held->keys[op->code] = op->phase;
  else if (op->kind == OP_BUTTON)
    held->buttons[op->code] = op->phase;
  else if (op->kind == OP_TOUCH)
    held->touches[op->code] = op->phase == ORIEL_TOUCH_DOWN || op->phase == ORIEL_TOUCH_MOVE;
}

static bool is_release(const struct op *op) {
  if (op->kind == OP_TOUCH)
    return op->phase == ORIEL_TOUCH_UP || op->phase == ORIEL_TOUCH_CANCEL;
  return (op->kind == OP_KEY || op->kind == OP_BUTTON) && !op->phase;
}

void input_call(struct oriel_qemu_input *input, const struct op *op) {
  GDBusMessage *message = op_message(input, op);
  guint32 serial = 0;
  if (g_dbus_connection_send_message(input->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, &serial, NULL)) {
    input->counts.sent++;
    held_note(&input->sent, op);
    if (is_release(op)) {
      input->releases[input->release_next] = (struct release){.op = *op, .serial = serial};
      input->release_next = (input->release_next + 1) % RELEASES;
      input->release_count += input->release_count < RELEASES;
    }
    if (input->call_count < ORIEL_QEMU_INPUT_OUTSTANDING) {
      size_t slot = (input->call_head + input->call_count++) % ORIEL_QEMU_INPUT_OUTSTANDING;
      input->calls[slot] = (struct call){.serial = serial, .is_move = op_is_move(op)};
      input->moves += op_is_move(op);
    }
  } else {
    input->counts.dropped++;
  }
  g_object_unref(message);
}

bool input_acknowledge(struct oriel_qemu_input *input, uint32_t serial) {
  /* In order: a match acknowledges all before it; a number that does not match is not ours. */
  size_t found = 0;
  while (found < input->call_count &&
         input->calls[(input->call_head + found) % ORIEL_QEMU_INPUT_OUTSTANDING].serial != serial)
    found++;
  if (found >= input->call_count)
    return false;
  for (size_t i = 0; i <= found; i++) {
    input->moves -= input->calls[input->call_head].is_move;
    input->call_head = (input->call_head + 1) % ORIEL_QEMU_INPUT_OUTSTANDING;
    input->call_count--;
  }
  for (size_t i = 0; i < input->release_count; i++)
    if (!input->releases[i].answered_us && (int32_t)(serial - input->releases[i].serial) >= 0)
      input->releases[i].answered_us = g_get_real_time();
  return true;
}

/* An answer that came before QEMU stopped is to a call that QEMU had carried out. */
void input_note_lost(struct oriel_qemu_input *input, int64_t at_us) {
  input->lost_count = 0;
  for (size_t i = 0; i < input->release_count; i++) {
    const size_t place = (input->release_next + RELEASES - input->release_count + i) % RELEASES;
    const struct release *release = &input->releases[place];
    if (!release->answered_us || release->answered_us >= at_us)
      input->lost[input->lost_count++] = release->op;
  }
  input->release_count = 0;
}
