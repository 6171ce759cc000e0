/* SPDX-License-Identifier: MIT
 *
 * Input to QEMU. One lock guards everything; under it a D-Bus message is handed to GDBus's queue, which neither blocks
 * nor does I/O. Any thread; calls that must wait for the guest's pace are sent by the source's thread.
 */
#include "source/qemu/input.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "source/qemu/keymap.h"

#define CONSOLE_KEYBOARD "org.qemu.Display1.Keyboard"
#define CONSOLE_MOUSE "org.qemu.Display1.Mouse"
#define CONSOLE_TOUCH "org.qemu.Display1.MultiTouch"

enum {
  TOUCH_SLOTS = 10,
  DETENT = 120,
  DETENTS_MAX = 16, /* of one event: a page of scrolling */
  MOTION_MAX = 32767,
  /* org.qemu.Display1.Mouse's button values; the last two since QEMU 7.0. */
  QEMU_LEFT = 0, QEMU_MIDDLE = 1, QEMU_RIGHT = 2, QEMU_WHEEL_UP = 3, QEMU_WHEEL_DOWN = 4, QEMU_SIDE = 5,
  QEMU_EXTRA = 6, QEMU_WHEEL_LEFT = 7, QEMU_WHEEL_RIGHT = 8,
};

enum op_kind { OP_KEY, OP_BUTTON, OP_POSITION, OP_MOTION, OP_TOUCH };

/* One call that waits. */
struct op {
  enum op_kind kind;
  uint8_t code;  /* key number, button or touch slot */
  uint8_t phase; /* key and button: pressed; touch: org.qemu.Display1.MultiTouch's kind, which is our phase */
  int32_t x, y;
};

/* How fast a device of the guest may be fed. QEMU answers at once, whether the guest looks or not, and its virtio input
 * devices hold 64 events and silently lose a key or a click that finds them full (hw/input/virtio-input.c), as a PS/2
 * keyboard does with 16 bytes. So a burst is let through at once and the rest at a rate that outlasts a guest's nap;
 * that of keys is the one at which QEMU's own VNC server types (key-delay-ms=10). Nobody's fingers are that fast. */
struct pace {
  uint64_t empty_ns; /* when the guest has taken everything sent so far, at the rate below */
  uint32_t event_ns, burst; /* a guest's time for an event; how many may be ahead of it */
};

enum {
  EVENTS_KEY = 2,  /* the key and its SYN_REPORT; a button or a wheel's click the same */
  EVENTS_MOVE = 3, /* two axes and theirs */
  KEYBOARD_BURST = 24, KEYBOARD_EVENT_NS = 5000000,
  POINTER_BURST = 32, POINTER_EVENT_NS = 1250000,
};

/* One call that QEMU has not answered. */
struct call {
  uint32_t serial;
  bool is_move;
};

/* What is held down, as the guest knows it or as the user wants it. */
struct held {
  bool keys[256];
  bool buttons[QEMU_WHEEL_RIGHT + 1];
  bool touches[TOUCH_SLOTS];
};

struct oriel_qemu_input {
  pthread_mutex_t lock; /* guards all below */
  GDBusConnection *connection; /* NULL = detached */
  char path[64];
  bool absolute, has_touch;
  uint16_t width, height;
  struct op ops[ORIEL_QEMU_INPUT_QUEUE];
  size_t op_head, op_count;
  struct call calls[ORIEL_QEMU_INPUT_OUTSTANDING];
  size_t call_head, call_count, moves;
  struct held sent, wanted;
  bool overflowed; /* something was dropped: releases may be missing */
  int32_t x, y;    /* last position, to turn positions into motions and back */
  int32_t wheel_x, wheel_y; /* parts of a detent */
  int touch; /* the finger that moves the pointer where there is no touch device; -1 = none */
  struct pace keyboard, pointer;
  GSource *timer; /* fires when the next call may be sent */
  struct oriel_qemu_input_counts counts;
};

static bool is_move(const struct op *op) {
  return op->kind == OP_POSITION || op->kind == OP_MOTION || (op->kind == OP_TOUCH && op->phase == ORIEL_TOUCH_MOVE);
}

/* --- sending; lock held ------------------------------------------------------------------------------------------- */

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
  }
  GDBusMessage *message = g_dbus_message_new_method_call(NULL, input->path, interface, member);
  g_dbus_message_set_body(message, body);
  return message;
}

static void note_held(struct held *held, const struct op *op) {
  if (op->kind == OP_KEY)
    held->keys[op->code] = op->phase;
  else if (op->kind == OP_BUTTON)
    held->buttons[op->code] = op->phase;
  else if (op->kind == OP_TOUCH)
    held->touches[op->code] = op->phase == ORIEL_TOUCH_DOWN || op->phase == ORIEL_TOUCH_MOVE;
}

static void send_op(struct oriel_qemu_input *input, const struct op *op) {
  GDBusMessage *message = op_message(input, op);
  guint32 serial = 0;
  if (g_dbus_connection_send_message(input->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, &serial, NULL)) {
    input->counts.sent++;
    note_held(&input->sent, op);
    if (input->call_count < ORIEL_QEMU_INPUT_OUTSTANDING) {
      size_t slot = (input->call_head + input->call_count++) % ORIEL_QEMU_INPUT_OUTSTANDING;
      input->calls[slot] = (struct call){.serial = serial, .is_move = is_move(op)};
      input->moves += is_move(op);
    }
  } else {
    input->counts.dropped++;
  }
  g_object_unref(message);
}

static void push(struct oriel_qemu_input *input, struct op op);

/* After a loss: what the guest still holds and the user does not. */
static void push_missing_releases(struct oriel_qemu_input *input) {
  for (unsigned i = 0; i < 256; i++)
    if (input->sent.keys[i] && !input->wanted.keys[i])
      push(input, (struct op){.kind = OP_KEY, .code = (uint8_t)i});
  for (unsigned i = 0; i < sizeof input->sent.buttons; i++)
    if (input->sent.buttons[i] && !input->wanted.buttons[i])
      push(input, (struct op){.kind = OP_BUTTON, .code = (uint8_t)i});
  for (unsigned i = 0; i < TOUCH_SLOTS; i++)
    if (input->sent.touches[i] && !input->wanted.touches[i])
      push(input, (struct op){.kind = OP_TOUCH, .code = (uint8_t)i, .phase = ORIEL_TOUCH_CANCEL});
}

/* 0 when the call may be sent now, which is then accounted; otherwise how long it has to wait. */
static uint64_t pace_take(struct oriel_qemu_input *input, const struct op *op, uint64_t now_ns) {
  struct pace *pace = op->kind == OP_KEY ? &input->keyboard : &input->pointer;
  unsigned events = is_move(op) || op->kind == OP_TOUCH ? EVENTS_MOVE : EVENTS_KEY;
  uint64_t start_ns = pace->empty_ns > now_ns ? pace->empty_ns : now_ns;
  uint64_t end_ns = start_ns + (uint64_t)events * pace->event_ns;
  uint64_t ahead_ns = (uint64_t)pace->burst * pace->event_ns;
  if (end_ns > now_ns + ahead_ns)
    return end_ns - ahead_ns - now_ns;
  pace->empty_ns = end_ns;
  return 0;
}

static void set_timer(struct oriel_qemu_input *input, uint64_t wait_ns) {
  g_source_set_ready_time(input->timer, g_get_monotonic_time() + (gint64)(wait_ns / 1000) + 1);
}

/* Sends what may be sent: a move alone waits while QEMU is behind, so that newer ones replace it. */
static void pump(struct oriel_qemu_input *input) {
  if (!input->connection)
    return;
  while (input->op_count && input->call_count < ORIEL_QEMU_INPUT_OUTSTANDING) {
    const struct op *op = &input->ops[input->op_head];
    if (is_move(op) && input->op_count == 1 && input->moves >= ORIEL_QEMU_MOVES_OUTSTANDING)
      return;
    uint64_t wait_ns = pace_take(input, op, oriel_clock_ns());
    if (wait_ns) {
      set_timer(input, wait_ns);
      return;
    }
    send_op(input, op);
    input->op_head = (input->op_head + 1) % ORIEL_QEMU_INPUT_QUEUE;
    input->op_count--;
    if (!input->op_count && input->overflowed) {
      input->overflowed = false;
      push_missing_releases(input);
    }
  }
}

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

/* True when `op` could be merged into the newest that waits. */
static bool coalesce(struct oriel_qemu_input *input, const struct op *op) {
  if (!input->op_count || !is_move(op))
    return false;
  struct op *last = &input->ops[(input->op_head + input->op_count - 1) % ORIEL_QEMU_INPUT_QUEUE];
  if (last->kind != op->kind || last->code != op->code || !is_move(last))
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

static void push(struct oriel_qemu_input *input, struct op op) {
  if (coalesce(input, &op))
    return;
  if (input->op_count == ORIEL_QEMU_INPUT_QUEUE) {
    input->counts.dropped++;
    input->overflowed = true;
    return;
  }
  input->ops[(input->op_head + input->op_count++) % ORIEL_QEMU_INPUT_QUEUE] = op;
}

/* --- events; lock held -------------------------------------------------------------------------------------------- */

static void push_held(struct oriel_qemu_input *input, struct op op) {
  note_held(&input->wanted, &op);
  push(input, op);
}

static void push_button(struct oriel_qemu_input *input, unsigned button, bool pressed) {
  push_held(input, (struct op){.kind = OP_BUTTON, .code = (uint8_t)button, .phase = pressed});
}

/* Position or motion, whichever the guest understands. */
static void push_pointer(struct oriel_qemu_input *input, int32_t x, int32_t y) {
  x = clamp(x, 0, input->width ? input->width - 1 : 0);
  y = clamp(y, 0, input->height ? input->height - 1 : 0);
  if (input->absolute)
    push(input, (struct op){.kind = OP_POSITION, .x = x, .y = y});
  else if (x != input->x || y != input->y)
    push(input, (struct op){.kind = OP_MOTION, .x = x - input->x, .y = y - input->y});
  input->x = x;
  input->y = y;
}

static void push_motion(struct oriel_qemu_input *input, int32_t dx, int32_t dy) {
  if (input->absolute)
    push_pointer(input, input->x + dx, input->y + dy);
  else
    push(input, (struct op){.kind = OP_MOTION, .x = dx, .y = dy});
}

/* Turns whole detents into clicks of a wheel "button"; the rest waits for the next event. */
static void push_wheel(struct oriel_qemu_input *input, int32_t *rest, int32_t delta, unsigned back, unsigned forward) {
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
    push_held(input, (struct op){.kind = OP_TOUCH, .code = id, .phase = (uint8_t)phase,
                                 .x = clamp(x, 0, input->width ? input->width - 1 : 0),
                                 .y = clamp(y, 0, input->height ? input->height - 1 : 0)});
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

static void push_releases(struct oriel_qemu_input *input) {
  for (unsigned i = 0; i < 256; i++)
    if (input->wanted.keys[i])
      push_held(input, (struct op){.kind = OP_KEY, .code = (uint8_t)i});
  for (unsigned i = 0; i < sizeof input->wanted.buttons; i++)
    if (input->wanted.buttons[i])
      push_button(input, i, false);
  for (unsigned i = 0; i < TOUCH_SLOTS; i++)
    if (input->wanted.touches[i])
      push_held(input, (struct op){.kind = OP_TOUCH, .code = (uint8_t)i, .phase = ORIEL_TOUCH_CANCEL});
  input->touch = -1;
  input->wheel_x = input->wheel_y = 0;
}

static void push_event(struct oriel_qemu_input *input, const struct oriel_input *event) {
  static const uint8_t buttons[ORIEL_BUTTONS] = {
    [ORIEL_BUTTON_LEFT] = QEMU_LEFT, [ORIEL_BUTTON_MIDDLE] = QEMU_MIDDLE, [ORIEL_BUTTON_RIGHT] = QEMU_RIGHT,
    [ORIEL_BUTTON_SIDE] = QEMU_SIDE, [ORIEL_BUTTON_EXTRA] = QEMU_EXTRA,
  };
  uint8_t key;
  switch (event->type) {
  case ORIEL_INPUT_KEY:
    if ((key = oriel_qemu_key_from_usage(event->key.usage)))
      push_held(input, (struct op){.kind = OP_KEY, .code = key, .phase = event->key.pressed});
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
    push_releases(input);
    break;
  }
}

/* --- public ------------------------------------------------------------------------------------------------------- */

static gboolean on_timer(GSource *timer, GSourceFunc callback, gpointer user) {
  (void)callback;
  struct oriel_qemu_input *input = user;
  pthread_mutex_lock(&input->lock);
  g_source_set_ready_time(timer, -1);
  pump(input);
  pthread_mutex_unlock(&input->lock);
  return G_SOURCE_CONTINUE;
}

int oriel_qemu_input_create(GMainContext *context, struct oriel_qemu_input **input) {
  static GSourceFuncs timer_functions = {.dispatch = on_timer};
  struct oriel_qemu_input *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  pthread_mutex_init(&made->lock, NULL);
  made->touch = -1;
  made->keyboard = (struct pace){.event_ns = KEYBOARD_EVENT_NS, .burst = KEYBOARD_BURST};
  made->pointer = (struct pace){.event_ns = POINTER_EVENT_NS, .burst = POINTER_BURST};
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
  input->op_count = input->call_count = input->moves = 0;
  input->sent = input->wanted = (struct held){.keys = {false}};
  input->overflowed = false;
  input->touch = -1;
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_detach(struct oriel_qemu_input *input) {
  pthread_mutex_lock(&input->lock);
  GDBusConnection *connection = g_steal_pointer(&input->connection);
  input->op_count = input->call_count = input->moves = 0;
  pthread_mutex_unlock(&input->lock);
  g_clear_object(&connection);
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
  /* QEMU answers in order, so a match settles all before it; a number that does not match is not ours. */
  size_t found = 0;
  while (found < input->call_count &&
         input->calls[(input->call_head + found) % ORIEL_QEMU_INPUT_OUTSTANDING].serial != reply_serial)
    found++;
  if (found < input->call_count) {
    for (size_t i = 0; i <= found; i++) {
      input->moves -= input->calls[input->call_head].is_move;
      input->call_head = (input->call_head + 1) % ORIEL_QEMU_INPUT_OUTSTANDING;
      input->call_count--;
    }
    pump(input);
  }
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_send(struct oriel_qemu_input *input, const struct oriel_input *event) {
  pthread_mutex_lock(&input->lock);
  if (input->connection) {
    push_event(input, event);
    pump(input);
  } else {
    input->counts.dropped++;
  }
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_release_all(struct oriel_qemu_input *input) {
  pthread_mutex_lock(&input->lock);
  input->op_count = 0;
  if (input->connection) {
    input->wanted = (struct held){.keys = {false}};
    push_missing_releases(input);
    for (; input->op_count; input->op_count--) {
      send_op(input, &input->ops[input->op_head]);
      input->op_head = (input->op_head + 1) % ORIEL_QEMU_INPUT_QUEUE;
    }
  }
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_counts(struct oriel_qemu_input *input, struct oriel_qemu_input_counts *counts) {
  pthread_mutex_lock(&input->lock);
  *counts = input->counts;
  pthread_mutex_unlock(&input->lock);
}
