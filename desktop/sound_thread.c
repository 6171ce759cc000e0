/* SPDX-License-Identifier: MIT
 *
 * The device's frames, and the loop. Audio thread, but for what the header gives to the owner.
 */
#include "desktop/sound_thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum {
  DEVICE_FRAMES = 120, /* of the device's sound, in what counts as one of its packets */
};
static const uint64_t tail_ns = 60 * ORIEL_NS_PER_MS; /* sound stopped: the last part of a frame is padded and sent */

/* ---- the device's frames ---- */

/* Encodes `count` frames, padded with silence to a whole packet (lesson 25). */
static void encode(struct oriel_sound_thread *thread, size_t count) {
  float frames[ORIEL_SOUND_PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  const size_t whole = thread->output->packet_frames;
  const uint64_t captured_ns = oriel_sound_fifo_captured_ns(thread->fifo);
  const size_t got = oriel_sound_fifo_take(thread->fifo, frames, count);
  memset(frames + got * ORIEL_OPUS_CHANNELS, 0, (whole - got) * ORIEL_OPUS_CHANNELS * sizeof frames[0]);
  oriel_sound_relay_frames(&thread->pace.relay, frames, captured_ns);
}

/* Encodes what is whole. */
static void drain(struct oriel_sound_thread *thread) {
  const size_t whole = thread->output->packet_frames;
  size_t level;
  while ((level = oriel_sound_fifo_level(thread->fifo)) > 0) {
    const size_t count = oriel_sound_fifo_coherent(thread->fifo, whole);
    if (count == whole && level < whole)
      return;
    encode(thread, count);
  }
}

static void resample(struct oriel_sound_thread *thread) {
  float frames[DEVICE_FRAMES * ORIEL_OPUS_CHANNELS];
  const uint64_t now = oriel_clock_ns();
  size_t got;
  while ((got = oriel_sound_fifo_take(thread->fifo, frames, DEVICE_FRAMES)) > 0)
    oriel_sound_pace_push_device(&thread->pace, frames, got, now);
}

/* ---- the loop ---- */

/* Hands on what came, from the input whose turn it is. */
static void turn(struct oriel_sound_thread *thread) {
  const uint64_t arrived = oriel_sound_fifo_arrived(thread->fifo);
  const uint64_t fresh = arrived > thread->device_seen ? arrived - thread->device_seen : 0;
  thread->device_seen = arrived;
  oriel_sound_pace_turn(&thread->pace, fresh);
  oriel_sound_fifo_trim(thread->fifo);
  if (oriel_sound_pace_device_is_direct(&thread->pace))
    drain(thread);
  else
    resample(thread);
}

/* Sound stopped: sends the part of a packet that is left. */
static void finish_tail(struct oriel_sound_thread *thread) {
  oriel_sound_signal_disarm(thread->signal);
  const size_t level = oriel_sound_fifo_level(thread->fifo);
  oriel_sound_relay_flush(&thread->pace.relay);
  if (level >= thread->output->packet_frames || !oriel_sound_pace_device_is_direct(&thread->pace))
    turn(thread);
  else if (level > 0)
    encode(thread, level);
}

/* Somebody listens, and there is an encoder to code for them. */
static bool is_heard(struct oriel_sound_thread *thread) {
  return atomic_load(&thread->signal->wanted) && oriel_sound_output_prepare(thread->output);
}

/* Takes what came. Returns true while sound flows. */
static bool take_sound(struct oriel_sound_thread *thread) {
  if (!is_heard(thread)) {
    oriel_sound_signal_disarm(thread->signal);
    oriel_sound_fifo_clear(thread->fifo);
    return false;
  }
  oriel_sound_fifo_settle(thread->fifo);
  oriel_sound_signal_arm(thread->signal);
  turn(thread);
  return true;
}

static void *run(void *argument) {
  struct oriel_sound_thread *thread = argument;
  uint64_t tail_at_ns = 0; /* 0 = no sound flows */
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-audio");
#endif
  for (;;) {
    const uint64_t due_ns = oriel_sound_pace_due_ns(&thread->pace);
    const uint64_t until_ns = due_ns && (!tail_at_ns || due_ns < tail_at_ns) ? due_ns : tail_at_ns;
    const bool posted = oriel_sound_signal_wait(thread->signal, until_ns);
    if (atomic_load(&thread->signal->stopping))
      return NULL;
    if (posted) {
      tail_at_ns = take_sound(thread) ? oriel_clock_ns() + tail_ns : 0;
    } else if (tail_at_ns && oriel_clock_ns() >= tail_at_ns) {
      finish_tail(thread);
      tail_at_ns = 0;
    }
    if (atomic_load(&thread->signal->wanted) && thread->output->encoder)
      oriel_sound_pace_tick(&thread->pace);
    else
      oriel_sound_pace_idle(&thread->pace);
  }
}

/* ---- the owner ---- */

int oriel_sound_thread_create(struct oriel_sound_inputs *inputs, struct oriel_sound_output *output,
                              struct oriel_sound_thread **out) {
  struct oriel_sound_thread *thread = calloc(1, sizeof *thread);
  if (!thread)
    return -ENOMEM;
  thread->signal = inputs->signal;
  thread->output = output;
  int error = oriel_sound_fifo_create(&thread->fifo);
  if (error)
    goto fail_thread;
  error = oriel_sound_inputs_prepare(inputs);
  if (!error)
    error = oriel_sound_pace_init(&thread->pace, inputs, output);
  if (error)
    goto fail_fifo;
  *out = thread;
  return 0;
fail_fifo:
  oriel_sound_fifo_destroy(thread->fifo);
fail_thread:
  free(thread);
  return error;
}

int oriel_sound_thread_start(struct oriel_sound_thread *thread) {
  if (!thread->started && pthread_create(&thread->thread, NULL, run, thread))
    return -EAGAIN;
  thread->started = true;
  return 0;
}

void oriel_sound_thread_stop(struct oriel_sound_thread *thread) {
  oriel_sound_signal_stop(thread->signal);
  if (thread->started)
    pthread_join(thread->thread, NULL);
  thread->started = false;
}

void oriel_sound_thread_destroy(struct oriel_sound_thread *thread) {
  if (!thread)
    return;
  oriel_sound_pace_finish(&thread->pace);
  oriel_sound_fifo_destroy(thread->fifo);
  free(thread);
}
