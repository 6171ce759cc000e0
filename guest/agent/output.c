/* SPDX-License-Identifier: MIT
 *
 * What is played into a ring, and out of it by packets. Transport thread, but write: data thread.
 */
#include "guest/agent/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/ring.h"
#include "guest/agent/failure.h"
#include "guest/agent/lock.h"
#include "guest/agent/packets.h"
#include "media/fade.h"
#include "transport/dialer.h"

#define SUBSYSTEM "agent/output"

/* Each beyond two cycles of the graph: whatever a cycle is long, one that was just played is no backlog. */
enum {
  RING_MS = 200,    /* what the transport thread may sleep before sound is lost */
  BACKLOG_MS = 60,  /* more than this in the ring after such a sleep is old: trimmed to one packet */
  KERNEL_MS = 100,  /* what may wait in the socket, about: a peer that naps gets no more old sound than that */
  CYCLE_FADES = 64, /* writes over which a long cycle is remembered, about */
  FADE_MS = 5,      /* behind the last frame */
  FADE_MOST = 96000 * FADE_MS / 1000,
  UNASKED_MOST = 64 * 1024, /* a peer that says more on this connection speaks another protocol */
};

struct agent_output {
  /* Constant. */
  uint32_t rate;
  size_t due;             /* as packets.due, whose neighbours the other thread writes */
  unsigned channels;
  /* Between data and transport thread. */
  struct oriel_ring *ring;
  int event;              /* eventfd */
  atomic_bool is_wanted;  /* somebody is connected */
  _Atomic uint64_t signalled_ns;  /* when the data thread last said that a packet is full */
  _Atomic uint64_t dropped_frames;
  _Atomic int core;       /* on which the data thread ran last */
  bool has_sound;         /* since the last end; the data thread's, and end's while that one is stopped */
  float last[AGENT_CHANNELS_MAX]; /* frame that was played; likewise */
  _Atomic uint32_t cycle; /* frames of the longest of the last writes; the data thread's, relaxed: a bound */
  /* Transport thread. */
  struct oriel_dialer *dialer;
  struct agent_packets packets;
  uint64_t unasked;
  struct agent_failure failure;
  bool is_late;
  size_t kernel_cycle;    /* for which the socket's buffer was bounded */
  /* For stats. */
  pthread_mutex_t lock;   /* guards stats, sent, handed; the data thread never takes it */
  struct agent_output_stats stats;
  struct oriel_histogram handed, sent;
};

/* ---- data thread ---- */

/** A cycle may come in parts, the last of them a short one. */
static void remember_cycle(struct agent_output *output, size_t count) {
  const uint32_t before = atomic_load_explicit(&output->cycle, memory_order_relaxed);
  const uint32_t faded = before - before / CYCLE_FADES;
  atomic_store_explicit(&output->cycle, count > faded ? (uint32_t)count : faded, memory_order_relaxed);
}

static void put(struct agent_output *output, const float *frames, size_t count) {
  const size_t written = oriel_ring_write(output->ring, frames, count);
  if (written < count)
    atomic_fetch_add_explicit(&output->dropped_frames, count - written, memory_order_relaxed); /* a number for people */
}

/** Tells the transport thread that there is something to send. */
static void wake(struct agent_output *output) {
  atomic_store_explicit(&output->signalled_ns, oriel_clock_ns(), memory_order_relaxed); /* ordered by the eventfd */
  atomic_store_explicit(&output->core, sched_getcpu(), memory_order_relaxed); /* a hint */
  const uint64_t one = 1;
  /* Never blocks: the counter cannot reach its end. A thread that is awake anyway loses nothing by an error. */
  const ssize_t ignored = write(output->event, &one, sizeof one);
  (void)ignored;
}

void agent_output_write(struct agent_output *output, const float *frames, size_t count) {
  if (!atomic_load_explicit(&output->is_wanted, memory_order_acquire)) /* with connected and disconnected */
    return;
  remember_cycle(output, count);
  memcpy(output->last, frames + (count - 1) * output->channels, output->channels * sizeof *frames);
  output->has_sound = true;
  put(output, frames, count);
  if (oriel_ring_level(output->ring) >= output->due)
    wake(output);
}

/* ---- while the data thread is stopped ---- */

void agent_output_end(struct agent_output *output) {
  static const float silence[AGENT_CHANNELS_MAX] = {0};
  float fade[FADE_MOST * AGENT_CHANNELS_MAX];
  if (!output->has_sound)
    return;
  output->has_sound = false;
  if (!atomic_load_explicit(&output->is_wanted, memory_order_acquire)) /* as in write */
    return;
  const size_t count = (size_t)FADE_MS * output->rate / 1000;
  oriel_fade_out(output->last, output->channels, fade, count);
  put(output, fade, count);
  const size_t rest = agent_packets_tail(&output->packets, oriel_ring_level(output->ring));
  for (size_t i = 0; i < rest; i++)
    put(output, silence, 1);
  wake(output);
}

/* ---- the connection ---- */

static void forget(struct agent_output *output) {
  oriel_ring_skip(output->ring, oriel_ring_level(output->ring));
  agent_packets_forget(&output->packets);
}

static size_t cycle_of(const struct agent_output *output) {
  return atomic_load_explicit(&output->cycle, memory_order_relaxed);
}

/** The kernel's part of the queue is bounded as well, where it can be told: a megabyte of it would be minutes of
 * Opus. */
static void bound_kernel(struct agent_output *output) {
  output->kernel_cycle = cycle_of(output);
  const size_t frames = (size_t)KERNEL_MS * output->rate / 1000 + 2 * output->kernel_cycle;
  const int size = (int)(agent_packets_bytes(&output->packets, frames) / 2); /* the kernel doubles it */
  /* Refused by what is no socket, which has small buffers. */
  setsockopt(oriel_dialer_fd(output->dialer), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static void connected(struct agent_output *output) {
  forget(output);
  output->unasked = 0;
  output->is_late = false;
  bound_kernel(output);
  if (agent_packets_restart(&output->packets) < 0)
    oriel_warn(SUBSYSTEM, "memory is short: the coder goes on with the last peer's state");
  agent_failure_connected(&output->failure);
  oriel_info(SUBSYSTEM, "connected: sound goes out");
  output->stats.connections++;
  output->stats.is_connected = true;
  atomic_store_explicit(&output->is_wanted, true, memory_order_release); /* with write: after the ring was emptied */
}

static void disconnected(struct agent_output *output) {
  atomic_store_explicit(&output->is_wanted, false, memory_order_release);
  forget(output);
  output->stats.is_connected = false;
}

static void follow(struct agent_output *output, enum oriel_stream_state state) {
  const bool is_connected = state == ORIEL_STREAM_CONNECTED;
  if (is_connected && !output->stats.is_connected)
    connected(output);
  else if (!is_connected && output->stats.is_connected)
    disconnected(output);
  const char *why = NULL;
  output->stats.failures = oriel_dialer_failures(output->dialer, &why);
  output->stats.why = why;
  if ((why = agent_failure_news(&output->failure, output->stats.failures, why)))
    oriel_info(SUBSYSTEM, "not connected (%llu): %s", (unsigned long long)output->stats.failures, why);
}

/** The peer has nothing to say here; reading notices its end. A bounded part of a flood is taken each time. */
static void listen_for_end(struct agent_output *output, uint64_t now_ns) {
  uint8_t bytes[4096];
  for (int i = 0; i < 4; i++) {
    const ssize_t result = oriel_dialer_receive(output->dialer, bytes, sizeof bytes, now_ns);
    if (result < 0)
      return;
    output->stats.unasked_bytes += (uint64_t)result;
    output->unasked += (uint64_t)result;
    if (output->unasked <= UNASKED_MOST)
      continue;
    oriel_warn(
      SUBSYSTEM,
      "the peer talks on the connection that carries sound to it: closed; does it mean the microphone's address?");
    oriel_dialer_reset(output->dialer, now_ns);
    return;
  }
}

static void drain(struct agent_output *output, uint64_t now_ns) {
  uint64_t times = 0;
  if (read(output->event, &times, sizeof times) < 0)
    return;
  const uint64_t signalled_ns = atomic_load_explicit(&output->signalled_ns, memory_order_relaxed);
  if (!output->stats.is_connected) {
    forget(output);
    return;
  }
  size_t level = oriel_ring_level(output->ring);
  const size_t backlog = (size_t)BACKLOG_MS * output->rate / 1000 + 2 * cycle_of(output);
  if (cycle_of(output) > output->kernel_cycle)
    bound_kernel(output); /* or datagrams of one long cycle would not fit */
  const size_t due = output->due;
  if (level > backlog + due) {
    if (!output->is_late)
      oriel_warn(SUBSYSTEM, "sound was not sent for %zu ms and is left out: is this system too busy? (said once)",
                 level * 1000 / output->rate);
    output->is_late = true;
    atomic_fetch_add_explicit(&output->dropped_frames, oriel_ring_skip(output->ring, level - due),
                              memory_order_relaxed);
    level = due;
  }
  if (level < due)
    return;
  const int error = agent_packets_send(&output->packets, output->ring, level, output->dialer, now_ns);
  /* The data thread may have signalled again since `now_ns` was taken. */
  oriel_histogram_add(&output->handed, signalled_ns < now_ns ? (uint32_t)((now_ns - signalled_ns) / 1000) : 0);
  if (error < 0)
    follow(output, oriel_dialer_state(output->dialer));
  oriel_histogram_add(&output->sent, (uint32_t)((oriel_clock_ns() - now_ns) / 1000));
}

size_t agent_output_poll(struct agent_output *output, struct pollfd *polled, int *timeout_ms, uint64_t now_ns) {
  if (!output->dialer)
    return 0;
  size_t count = 0;
  polled[count++] = (struct pollfd){.fd = output->event, .events = POLLIN};
  const int fd = oriel_dialer_fd(output->dialer);
  if (fd >= 0)
    polled[count++] =
      (struct pollfd){.fd = fd, .events = oriel_dialer_events(output->dialer, output->packets.pending_size > 0)};
  const int due = oriel_dialer_timeout_ms(output->dialer, now_ns);
  if (due >= 0 && (*timeout_ms < 0 || due < *timeout_ms))
    *timeout_ms = due;
  return count;
}

void agent_output_step(struct agent_output *output, const struct pollfd *polled, size_t count, uint64_t now_ns) {
  if (!output->dialer)
    return;
  pthread_mutex_lock(&output->lock);
  const short revents = count > 1 ? polled[1].revents : 0;
  /* Stepping is due for a time-out or an event; a connected stream with neither is left alone. */
  if (revents != 0 || oriel_dialer_state(output->dialer) != ORIEL_STREAM_CONNECTED)
    follow(output, oriel_dialer_step(output->dialer, revents, now_ns));
  if (output->stats.is_connected && (revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    listen_for_end(output, now_ns);
    follow(output, oriel_dialer_state(output->dialer));
  }
  if (output->stats.is_connected && (revents & POLLOUT) != 0 && output->packets.pending_size > 0 &&
      agent_packets_flush(&output->packets, output->dialer, now_ns) < 0)
    follow(output, oriel_dialer_state(output->dialer));
  if (count > 0 && (polled[0].revents & POLLIN) != 0)
    drain(output, now_ns);
  pthread_mutex_unlock(&output->lock);
}

int agent_output_core(const struct agent_output *output) {
  return atomic_load_explicit(&output->core, memory_order_relaxed);
}

void agent_output_stats(struct agent_output *output, struct agent_output_stats *stats) {
  pthread_mutex_lock(&output->lock);
  *stats = output->stats;
  stats->packets = output->packets.sent;
  stats->bytes = output->packets.bytes;
  stats->dropped_packets = output->packets.dropped;
  oriel_histogram_read(&output->handed, &stats->handed);
  oriel_histogram_read(&output->sent, &stats->sent);
  pthread_mutex_unlock(&output->lock);
  stats->dropped_frames = atomic_load_explicit(&output->dropped_frames, memory_order_relaxed);
  stats->ring_frames = output->ring ? oriel_ring_level(output->ring) : 0;
  stats->packet_frames = (uint32_t)output->packets.coder.frames;
}

/* ---- life ---- */

int agent_output_create(const struct agent_settings *settings, struct agent_output **output) {
  struct agent_output *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  agent_lock_init(&made->lock);
  oriel_histogram_init(&made->handed);
  oriel_histogram_init(&made->sent);
  made->event = -1;
  made->core = -1;
  made->rate = agent_end_rate(settings, &settings->output);
  made->channels = settings->output_channels;
  int error = 0;
  if (settings->output.is_on) {
    const size_t cycles = (size_t)2 * AGENT_OUTPUT_WRITE_MAX;
    error = agent_packets_init(&made->packets, settings, (size_t)BACKLOG_MS * made->rate / 1000 + cycles);
    made->due = made->packets.due;
    if (error == 0)
      error = oriel_ring_create((size_t)RING_MS * made->rate / 1000 + cycles, made->channels, &made->ring);
    if (error == 0 && (made->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
      error = -errno;
    if (error == 0)
      error = oriel_dialer_create(&settings->output.address, &made->dialer);
  }
  if (error < 0)
    agent_output_destroy(made);
  else
    *output = made;
  return error;
}

void agent_output_destroy(struct agent_output *output) {
  if (!output)
    return;
  oriel_dialer_destroy(output->dialer);
  agent_packets_finish(&output->packets);
  if (output->event >= 0)
    close(output->event);
  oriel_ring_destroy(output->ring);
  pthread_mutex_destroy(&output->lock);
  free(output);
}
