/* SPDX-License-Identifier: MIT
 *
 * Input to QEMU: its life, and what others do with it. Any thread; calls that must wait for the guest's pace are sent
 * by the session's thread.
 */
#include "source/qemu/input.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "source/qemu/input_calls.h"
#include "source/qemu/input_events.h"
#include "source/qemu/input_pump.h"
#include "source/qemu/input_queue.h"
#include "source/qemu/input_state.h"

/* How long what is known of the devices is good for while keys are pressed. */
static const uint64_t knowledge_ns = ORIEL_NS_PER_SECOND;

/* The session's thread. */
static gboolean on_timer(GSource *timer, GSourceFunc callback, gpointer user) {
  (void)callback;
  struct oriel_qemu_input *input = user;
  pthread_mutex_lock(&input->lock);
  g_source_set_ready_time(timer, -1);
  const bool ask = input->ask;
  input->ask = false;
  const struct oriel_qemu_input_events events = input->events;
  input_pump(input);
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
  input->needs_reset = true;
  input_reset_if_running(input);
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
    input_reset_if_running(input);
    input_catch_up(input);
    input_pump(input);
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

void oriel_qemu_input_set_schedstat(struct oriel_qemu_input *input, const struct oriel_qemu_schedstat *schedstat) {
  pthread_mutex_lock(&input->lock);
  input->schedstat = *schedstat;
  pthread_mutex_unlock(&input->lock);
}

void oriel_qemu_input_set_leds(struct oriel_qemu_input *input, unsigned leds) {
  pthread_mutex_lock(&input->lock);
  oriel_qemu_locks_leds(&input->locks, leds);
  input_pump(input);
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
  if (input_acknowledge(input, reply_serial))
    input_pump(input);
  pthread_mutex_unlock(&input->lock);
}

/* Which keyboard takes the next key may have changed since: the guest boots, or loads a driver. */
static void mind_devices(struct oriel_qemu_input *input, const struct oriel_input *event) {
  const uint64_t now_ns = oriel_clock_ns();
  if (event->type == ORIEL_INPUT_LOCKS || now_ns - input->asked_ns < knowledge_ns)
    return;
  input->asked_ns = now_ns;
  input->ask = true;
  input_set_timer(input, 0);
}

void oriel_qemu_input_send(struct oriel_qemu_input *input, const struct oriel_input *event) {
  pthread_mutex_lock(&input->lock);
  if (input->connection) {
    mind_devices(input, event);
    input_push_event(input, event);
    input_pump(input);
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
