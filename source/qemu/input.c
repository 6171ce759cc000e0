/* SPDX-License-Identifier: MIT
 *
 * Input to QEMU: its life, and the pump that sends what may be sent. Under the lock a D-Bus message is handed to
 * GDBus's queue, which neither blocks nor does I/O. Any thread; calls that must wait for the guest's pace are sent by
 * the session's thread.
 */
#include "source/qemu/input.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "source/qemu/input_private.h"
#include "source/qemu/settle.h"

/* How long what is known of the devices is good for while keys are pressed. */
static const uint64_t knowledge_ns = ORIEL_NS_PER_SECOND;
/* How often to look whether the guest's processors run, and how long a text waits for that before each of its keys. */
static const uint64_t still_look_ns = 4 * ORIEL_NS_PER_MS, still_most_ns = 2 * ORIEL_NS_PER_SECOND;

/* --- sending; lock held ------------------------------------------------------------------------------------------- */

static void set_timer(struct oriel_qemu_input *input, uint64_t wait_ns) {
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
  return oriel_qemu_pace_take(pace, cost_of(input, op), begins_character(input, op) ? ORIEL_QEMU_TEXT_BURST : 0, now_ns);
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
    oriel_qemu_pulse_mark(&input->pulse);
  input->text_sent = false;
  input->keyboard.empty_ns += oriel_qemu_pulse_waited_ns(&input->pulse); /* in which it took nothing */
  if (oriel_qemu_pulse_beats(&input->pulse) || (input->still_ns && now_ns - input->still_ns >= still_most_ns)) {
    input->still_ns = 0;
    return 0;
  }
  if (!input->still_ns)
    input->still_ns = now_ns;
  return still_look_ns;
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
  uint64_t wait_ns = mind_guest(input, op, now_ns);
  if (!wait_ns)
    wait_ns = mind_locks(input, op, now_ns);
  if (!wait_ns)
    wait_ns = take_pace(input, op, now_ns);
  if (wait_ns) {
    if (wait_ns != UINT64_MAX)
      set_timer(input, wait_ns);
    return false;
  }
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

static void pump(struct oriel_qemu_input *input) {
  while (input->connection && !input->stopped && input->op_count &&
         input->call_count < ORIEL_QEMU_INPUT_OUTSTANDING && pump_one(input, oriel_clock_ns())) {
  }
}

/* A QEMU that is stopped would take each key for released, drop the release, and drop every later one as well. */
static void settle_if_running(struct oriel_qemu_input *input) {
  if (!input->unsettled || input->stopped)
    return;
  oriel_qemu_settle(input->connection, input->path, input->has_touch);
  input->unsettled = false;
}

/* The VM goes on: what it may have missed, then modifiers that went down meanwhile. */
static void catch_up(struct oriel_qemu_input *input) {
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

/* --- public ------------------------------------------------------------------------------------------------------- */

/* The session's thread. */
static gboolean on_timer(GSource *timer, GSourceFunc callback, gpointer user) {
  (void)callback;
  struct oriel_qemu_input *input = user;
  pthread_mutex_lock(&input->lock);
  g_source_set_ready_time(timer, -1);
  const bool ask = input->ask;
  input->ask = false;
  const struct oriel_qemu_input_events events = input->events;
  pump(input);
  pthread_mutex_unlock(&input->lock);
  if (ask && events.ask)
    events.ask(events.user);
  return G_SOURCE_CONTINUE;
}

int oriel_qemu_input_create(GMainContext *context, const struct oriel_qemu_input_events *events,
                            struct oriel_qemu_input **input) {
  static GSourceFuncs timer_functions = {.dispatch = on_timer};
  struct oriel_qemu_input *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  pthread_mutex_init(&made->lock, NULL);
  made->events = *events;
  made->touch = -1;
  oriel_qemu_pace_keyboard(&made->keyboard, ORIEL_QEMU_DEVICE_UNKNOWN, false);
  oriel_qemu_pace_pointer(&made->pointer, ORIEL_QEMU_DEVICE_UNKNOWN);
  made->timer = g_source_new(&timer_functions, sizeof(GSource));
  g_source_set_callback(made->timer, NULL, made, NULL);
  g_source_attach(made->timer, context);
  *input = made;
  return 0;
}

void oriel_qemu_input_destroy(struct oriel_qemu_input *input) {
  if (!input)
    return;
  g_source_destroy(input->timer);
  g_source_unref(input->timer);
  g_clear_object(&input->connection);
  pthread_mutex_destroy(&input->lock);
  free(input);
}

void oriel_qemu_input_attach(struct oriel_qemu_input *input, GDBusConnection *connection, const char *path,
                             bool absolute, bool has_touch) {
  pthread_mutex_lock(&input->lock);
  g_set_object(&input->connection, connection);
  g_strlcpy(input->path, path, sizeof input->path);
  input->absolute = absolute;
  input->has_touch = has_touch;
  input_drop(input);
  input->call_count = input->moves = 0;
  input->sent = input->wanted = input->unseen = (struct held){.keys = {false}};
  input->release_count = input->lost_count = 0;
  input->touch = -1;
  input->unsettled = true;
  settle_if_running(input);
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_detach(struct oriel_qemu_input *input) {
  pthread_mutex_lock(&input->lock);
  GDBusConnection *connection = g_steal_pointer(&input->connection);
  input_drop(input);
  input->call_count = input->moves = 0;
  pthread_mutex_unlock(&input->lock);
  g_clear_object(&connection);
}

void oriel_qemu_input_set_running(struct oriel_qemu_input *input, bool running, int64_t at_us) {
  pthread_mutex_lock(&input->lock);
  const bool was_stopped = input->stopped;
  input->stopped = !running;
  if (!running && !was_stopped) {
    input_note_lost(input, at_us ? at_us : g_get_real_time());
  } else if (running && was_stopped && input->connection) {
    settle_if_running(input);
    catch_up(input);
    pump(input);
  }
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_set_devices(struct oriel_qemu_input *input, const struct oriel_qemu_devices *devices) {
  pthread_mutex_lock(&input->lock);
  input->devices = *devices;
  oriel_qemu_pace_keyboard(&input->keyboard, devices->keyboard, devices->firmware);
  oriel_qemu_pace_pointer(&input->pointer, devices->pointer);
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_set_pulse(struct oriel_qemu_input *input, const struct oriel_qemu_pulse *pulse) {
  pthread_mutex_lock(&input->lock);
  input->pulse = *pulse;
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_set_leds(struct oriel_qemu_input *input, unsigned leds) {
  pthread_mutex_lock(&input->lock);
  oriel_qemu_locks_leds(&input->locks, leds);
  pump(input);
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_set_absolute(struct oriel_qemu_input *input, bool absolute) {
  pthread_mutex_lock(&input->lock);
  input->absolute = absolute;
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_set_size(struct oriel_qemu_input *input, uint16_t width, uint16_t height) {
  pthread_mutex_lock(&input->lock);
  input->width = width;
  input->height = height;
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_answered(struct oriel_qemu_input *input, uint32_t reply_serial) {
  pthread_mutex_lock(&input->lock);
  if (input_settle(input, reply_serial))
    pump(input);
  pthread_mutex_unlock(&input->lock);
}

/* Which keyboard takes the next key may have changed since: the guest boots, or loads a driver. */
static void mind_devices(struct oriel_qemu_input *input, const struct oriel_input *event) {
  const uint64_t now_ns = oriel_clock_ns();
  if (event->type == ORIEL_INPUT_LOCKS || now_ns - input->asked_ns < knowledge_ns)
    return;
  input->asked_ns = now_ns;
  input->ask = true;
  set_timer(input, 0);
}

void oriel_qemu_input_send(struct oriel_qemu_input *input, const struct oriel_input *event) {
  pthread_mutex_lock(&input->lock);
  if (input->connection) {
    mind_devices(input, event);
    input_push_event(input, event);
    pump(input);
  } else {
    input->counts.dropped++;
    if (event->type == ORIEL_INPUT_TEXT)
      input_tell_typed(input, &(struct op){.mark = event->text.mark, .dropped = event->text.count});
  }
  pthread_mutex_unlock(&input->lock);
}

/* A QEMU that is stopped would drop the releases and forget that the keys are down; what it still knows to be down can
 * be released by whoever attaches next. */
void oriel_qemu_input_release_all(struct oriel_qemu_input *input) {
  pthread_mutex_lock(&input->lock);
  input_drop(input);
  if (input->connection && !input->stopped) {
    input->wanted = (struct held){.keys = {false}};
    input_push_missing(input);
    for (; input->op_count; input_pop(input))
      input_call(input, input_head(input));
  }
  pthread_mutex_unlock(&input->lock);
}

size_t oriel_qemu_input_outstanding(struct oriel_qemu_input *input) {
  pthread_mutex_lock(&input->lock);
  const size_t outstanding = input->call_count;
  pthread_mutex_unlock(&input->lock);
  return outstanding;
}

void oriel_qemu_input_counts(struct oriel_qemu_input *input, struct oriel_qemu_input_counts *counts) {
  pthread_mutex_lock(&input->lock);
  *counts = input->counts;
  pthread_mutex_unlock(&input->lock);
}
