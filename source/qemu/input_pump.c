/* SPDX-License-Identifier: MIT
 *
 * The pump, see input_pump.h. Under the lock a D-Bus message is handed to GDBus's queue, which neither blocks nor does
 * I/O.
 */
#include "source/qemu/input_pump.h"

#include "core/clock.h"
#include "source/qemu/input_calls.h"
#include "source/qemu/input_queue.h"
#include "source/qemu/input_reset.h"

/* How often to look whether the guest's processors run, and how long a text waits for that before each of its keys. */
static const uint64_t stall_poll_ns = 4 * ORIEL_NS_PER_MS, stall_max_ns = 2 * ORIEL_NS_PER_SECOND;

void input_set_timer(struct oriel_qemu_input *input, uint64_t wait_ns) {
  const gint64 due_us = g_get_monotonic_time() + (gint64)(wait_ns / 1000) + 1;
  const gint64 set_us = g_source_get_ready_time(input->timer);
  if (set_us < 0 || due_us < set_us)
    g_source_set_ready_time(input->timer, due_us);
}

static unsigned cost_of(const struct oriel_qemu_input *input, const struct op *op) {
  if (op->kind == OP_KEY)
    return oriel_qemu_event_cost(input->devices.keyboard, op->phase ? ORIEL_QEMU_EVENT_KEY : ORIEL_QEMU_EVENT_KEY_UP,
                                 op->code);
  const bool is_button = op->kind == OP_BUTTON;
  return oriel_qemu_event_cost(input->devices.pointer, is_button ? ORIEL_QEMU_EVENT_BUTTON : ORIEL_QEMU_EVENT_MOVE, 0);
}

/* The presses and releases of a character go together: a guest repeats a key that it sees down for 250 ms, or takes a
 * Shift for the next one's. */
static bool begins_character(const struct oriel_qemu_input *input, const struct op *op) {
  return op->is_text && op->phase && input->text_down == 0;
}

static uint64_t take_pace(struct oriel_qemu_input *input, const struct op *op, uint64_t now_ns) {
  struct oriel_qemu_pace *pace = op->kind == OP_KEY ? &input->keyboard : &input->pointer;
  const unsigned burst = begins_character(input, op) ? ORIEL_QEMU_TEXT_BURST : 0;
  return oriel_qemu_pace_take(pace, cost_of(input, op), burst, now_ns);
}

/* Sends without waiting for the pace, which counts it nevertheless. */
static void call_now(struct oriel_qemu_input *input, struct op op, uint64_t now_ns) {
  oriel_qemu_pace_add(op.kind == OP_KEY ? &input->keyboard : &input->pointer, cost_of(input, &op), now_ns);
  input_call(input, &op);
}

static void tap_now(struct oriel_qemu_input *input, uint8_t key, uint64_t now_ns) {
  call_now(input, (struct op){.kind = OP_KEY, .code = key, .phase = 1}, now_ns);
  call_now(input, (struct op){.kind = OP_KEY, .code = key}, now_ns);
}

/* Brings the guest's lock keys into step. How long the key has to wait for that. */
static uint64_t mind_locks(struct oriel_qemu_input *input, const struct op *op, uint64_t now_ns) {
  if (op->kind != OP_KEY || !op->phase || input->sent.keys[op->code])
    return 0;
  uint64_t wait_ns = 0;
  for (;;) {
    uint8_t tap = 0;
    switch (oriel_qemu_locks_check(&input->locks, op->code, now_ns, &tap, &wait_ns)) {
    case ORIEL_QEMU_LOCKS_GO:
      oriel_qemu_locks_pressed(&input->locks, op->code, now_ns);
      return 0;
    case ORIEL_QEMU_LOCKS_WAIT:
      return wait_ns;
    case ORIEL_QEMU_LOCKS_TAP:
      tap_now(input, tap, now_ns);
      break;
    }
  }
}

/* Text is in no hurry: each character waits until QEMU has taken all before it, and the guest could look at the last.
 * How long to wait before looking again; UINT64_MAX: an answer is waited for. */
static uint64_t mind_guest(struct oriel_qemu_input *input, const struct op *op, uint64_t now_ns) {
  if (!begins_character(input, op))
    return 0;
  if (input->call_count)
    return UINT64_MAX;
  if (input->text_sent)
    oriel_qemu_schedstat_mark(&input->schedstat);
  input->text_sent = false;
  input->keyboard.empty_ns += oriel_qemu_schedstat_run_delay_ns(&input->schedstat); /* in which it took nothing */
  if (oriel_qemu_schedstat_has_run(&input->schedstat) ||
      (input->stalled_ns && now_ns - input->stalled_ns >= stall_max_ns)) {
    input->stalled_ns = 0;
    return 0;
  }
  if (!input->stalled_ns)
    input->stalled_ns = now_ns;
  return stall_poll_ns;
}

/* Takes the next piece of a motion that is larger than one packet of the guest's mouse; false when it was the last. */
static bool split_motion(struct op *motion, struct op *piece) {
  const int32_t max = ORIEL_QEMU_PS2_MOTION_MAX;
  *piece = *motion;
  piece->x = CLAMP(motion->x, -max, max);
  piece->y = CLAMP(motion->y, -max, max);
  motion->x -= piece->x;
  motion->y -= piece->y;
  return motion->x || motion->y;
}

/* False when a call has to wait, for the timer or for an answer. */
static bool may_go(struct oriel_qemu_input *input, const struct op *op, uint64_t now_ns) {
  uint64_t wait_ns = mind_guest(input, op, now_ns);
  if (!wait_ns)
    wait_ns = mind_locks(input, op, now_ns);
  if (!wait_ns)
    wait_ns = take_pace(input, op, now_ns);
  if (wait_ns && wait_ns != UINT64_MAX)
    input_set_timer(input, wait_ns);
  return !wait_ns;
}

/* True when the head of the queue was dealt with; otherwise it waits for an answer or for the timer. */
static bool pump_one(struct oriel_qemu_input *input, uint64_t now_ns) {
  struct op *op = input_head(input);
  if (op->kind == OP_MARK || op->kind == OP_LOCKS) {
    const struct op note = *op;
    input_pop(input);
    if (note.kind == OP_LOCKS)
      oriel_qemu_locks_want(&input->locks, note.code, note.phase);
    else
      input_tell_typed(input, &note);
    return true;
  }
  /* A move alone waits while QEMU is behind, so that newer ones replace it. */
  if (op_is_move(op) && input->op_count == 1 && input->moves >= ORIEL_QEMU_MOVES_OUTSTANDING)
    return false;
  if (!may_go(input, op, now_ns))
    return false;
  if (op->is_text) {
    input->text_sent = true;
    input->text_down += op->phase ? 1 : input->text_down ? -1 : 0;
  }
  struct op piece = *op;
  if (op->kind == OP_MOTION && input->devices.pointer == ORIEL_QEMU_DEVICE_PS2 && split_motion(op, &piece)) {
    input_call(input, &piece);
    return true;
  }
  input_pop(input);
  input_call(input, &piece);
  return true;
}

void input_pump(struct oriel_qemu_input *input) {
  while (input->connection && !input->stopped && input->op_count &&
         input->call_count < ORIEL_QEMU_INPUT_OUTSTANDING && pump_one(input, oriel_clock_ns())) {
  }
}

/* A QEMU that is stopped would take each key for released, drop the release, and drop every later one as well. */
void input_reset_if_running(struct oriel_qemu_input *input) {
  if (!input->needs_reset || input->stopped)
    return;
  oriel_qemu_input_reset(input->connection, input->path, input->has_touch);
  input->needs_reset = false;
}

void input_catch_up(struct oriel_qemu_input *input) {
  const uint64_t now_ns = oriel_clock_ns();
  for (size_t i = 0; i < input->lost_count; i++) {
    struct op op = input->lost[i];
    /* QEMU passes the release of a key only if it knows it to be down, and it counts what it drops. */
    if (op.kind == OP_KEY && input->wanted.keys[op.code])
      continue;
    if (op.kind == OP_KEY)
      call_now(input, (struct op){.kind = OP_KEY, .code = op.code, .phase = 1}, now_ns);
    call_now(input, op, now_ns);
  }
  input->lost_count = 0;
  static const uint8_t modifiers[] = {0x1d, 0x2a, 0x38, 0xdb, 0x9d, 0x36, 0xb8, 0xdc};
  for (size_t i = 0; i < sizeof modifiers; i++)
    if (input->unseen.keys[modifiers[i]]) {
      input->unseen.keys[modifiers[i]] = false;
      input_push_held(input, (struct op){.kind = OP_KEY, .code = modifiers[i], .phase = 1});
    }
}
