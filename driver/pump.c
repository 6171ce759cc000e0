/* SPDX-License-Identifier: MIT
 *
 * The pump: a thread that turns what is played into packets and sends them.
 */
#include "driver/pump.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "driver/packets.h"
#include "driver/waker.h"
#include "wire/audio.h"

enum {
  BACKLOG_US = 40000,     /* above two IO periods and a packet: more is old sound */
  LATE_FIRST_US = 500,    /* IO later than predicted: look again, at twice the time each turn */
  LATE_MOST_US = 100000,
  MARGIN_US = 150,        /* after the predicted end of a callback */
};

/** What other threads ask for. */
struct wish {
  char address[SETTINGS_ADDRESS_SIZE];
  uint32_t bitrate_kbps, rate;
  unsigned channels;
  uint64_t changes; /* of the fields above */
  bool running, paused, quit;
};

struct pump {
  const struct engine_world *world;
  struct sample_ring *ring;
  struct waker waker;
  pthread_t thread;
  pthread_mutex_t lock; /* guards wish, is_paused and stats */
  pthread_cond_t paused;
  struct wish wish;
  bool is_paused;
  struct pump_stats stats;
  /* The IO callback's last write. Relaxed: a torn pair only predicts a little wrong. */
  _Atomic uint64_t wrote_ns;
  _Atomic uint32_t wrote_frames;

  /* The thread's own. */
  struct wish now;
  struct oriel_transport_address address;
  struct oriel_dialer *dialer;
  struct packets packets;
  bool has_packets, was_connected, is_placed;
  int64_t position; /* next frame to take from the ring */
  uint8_t out[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX];
  size_t out_at, out_size;
  uint64_t late_us; /* of the next look when IO is late; 0 = on time */
  const char *logged; /* the failure that was logged last */
};

static uint64_t us_of(uint64_t frames, uint32_t rate) {
  return frames * 1000000 / rate;
}

void pump_wrote(struct pump *pump, uint32_t count, uint64_t now_ns) {
  atomic_store_explicit(&pump->wrote_frames, count, memory_order_relaxed);
  atomic_store_explicit(&pump->wrote_ns, now_ns, memory_order_relaxed);
}

static void say(struct pump *pump, enum engine_log_level level, const char *format, const char *detail) {
  char text[SETTINGS_ADDRESS_SIZE + 256];
  snprintf(text, sizeof text, format, pump->now.address, detail);
  pump->world->log(level, text);
}

static void close_link(struct pump *pump) {
  oriel_dialer_destroy(pump->dialer);
  pump->dialer = NULL;
  if (pump->has_packets)
    packets_finish(&pump->packets);
  pump->has_packets = pump->was_connected = pump->is_placed = false;
  pump->out_size = pump->out_at = 0;
}

/* Makes dialer and coder anew for the present wish. */
static void open_link(struct pump *pump) {
  close_link(pump);
  char why[SETTINGS_WHY_SIZE];
  if (!*pump->now.address)
    return;
  int rc = oriel_transport_address_parse(pump->now.address, &pump->address, why, sizeof why);
  if (!rc)
    rc = packets_init(&pump->packets, &pump->address, pump->now.bitrate_kbps, pump->now.rate, pump->now.channels);
  pump->has_packets = !rc;
  if (!rc)
    rc = oriel_dialer_create(&pump->address, &pump->dialer);
  if (rc < 0) {
    pump->dialer = NULL;
    say(pump, ENGINE_LOG_ERROR, "sound cannot be sent to %s: %s; set another Transport", strerror(-rc));
    close_link(pump);
  }
}

/* Copies the wish; makes what it changes. False: the end. */
static bool obey(struct pump *pump) {
  pthread_mutex_lock(&pump->lock);
  while (pump->wish.paused && !pump->wish.quit) {
    pump->is_paused = true;
    pthread_cond_broadcast(&pump->paused);
    pthread_cond_wait(&pump->paused, &pump->lock);
  }
  pump->is_paused = false;
  const struct wish wish = pump->wish;
  pump->stats.wakes++;
  pthread_mutex_unlock(&pump->lock);
  const bool changed = wish.changes != pump->now.changes;
  if (wish.running != pump->now.running)
    pump->is_placed = false;
  pump->now = wish;
  if (changed && !wish.quit)
    open_link(pump);
  return !wish.quit;
}

static void report(struct pump *pump, bool connected) {
  const char *why = NULL;
  const uint64_t failures = pump->dialer ? oriel_dialer_failures(pump->dialer, &why) : 0;
  pthread_mutex_lock(&pump->lock);
  pump->stats.configured = pump->dialer != NULL;
  pump->stats.connected = connected;
  pump->stats.connections += connected && !pump->was_connected;
  pump->stats.failures = failures;
  pump->stats.why = why;
  pthread_mutex_unlock(&pump->lock);
  if (connected && !pump->was_connected) {
    say(pump, ENGINE_LOG_INFO, "sound goes to %s%s", "");
    pump->logged = NULL;
  } else if (!connected && failures && why != pump->logged) {
    /* Once a reason, however often it is tried. */
    say(pump, ENGINE_LOG_ERROR, "no sound to %s: %s; trying again", why ? why : "it failed");
    pump->logged = why;
  }
  if (connected != pump->was_connected) {
    pump->is_placed = false;
    pump->out_size = pump->out_at = 0;
  }
  pump->was_connected = connected;
}

static void count(struct pump *pump, uint64_t *counter, uint64_t add) {
  pthread_mutex_lock(&pump->lock);
  *counter += add;
  pthread_mutex_unlock(&pump->lock);
}

/* Puts the position where sound is current: at the end after a start, at the newest write after a jump or a stall. */
static void place(struct pump *pump) {
  int64_t begin, end;
  sample_ring_extent(pump->ring, &begin, &end);
  const int64_t wrote = atomic_load_explicit(&pump->wrote_frames, memory_order_relaxed);
  const int64_t most = 2 * wrote + (int64_t)pump->now.rate * BACKLOG_US / 1000000;
  const bool jumped = !pump->is_placed || pump->position < begin || pump->position > end;
  const bool stalled = !jumped && end - pump->position > most;
  if (!jumped && !stalled)
    return;
  const int64_t newest = end - wrote > begin ? end - wrote : begin;
  pump->position = pump->is_placed ? newest : end;
  pump->is_placed = true;
  if (stalled)
    count(pump, &pump->stats.trims, 1);
  packets_restart(&pump->packets);
}

/* Sends what waits. True: all went out. */
static bool flush(struct pump *pump, uint64_t now_ns) {
  while (pump->out_at < pump->out_size) {
    ssize_t sent = oriel_dialer_send(pump->dialer, pump->out + pump->out_at, pump->out_size - pump->out_at, now_ns);
    if (sent < 0 && sent != -EMSGSIZE)
      return false;
    const size_t taken = sent < 0 ? pump->out_size - pump->out_at : (size_t)sent;
    pump->out_at += taken;
    count(pump, &pump->stats.bytes, taken);
  }
  pump->out_at = pump->out_size = 0;
  return true;
}

static_assert((int)PACKETS_SIZE_MAX == (int)ORIEL_AUDIO_PACKET_MAX, "what packets gives, the wire takes");

/* One packet, with its length in front, into `out`. False: there is none yet. */
static bool next_packet(struct pump *pump) {
  const int size = packets_next(&pump->packets, true, pump->out + ORIEL_AUDIO_LENGTH_SIZE);
  if (size < 0 || (size > 0 && oriel_audio_write_length(pump->out, (size_t)size) < 0))
    count(pump, &pump->stats.errors, 1);
  if (size <= 0)
    return size < 0;
  /* A datagram needs no length. */
  pump->out_at = pump->address.scheme == ORIEL_TRANSPORT_UDP ? ORIEL_AUDIO_LENGTH_SIZE : 0;
  pump->out_size = ORIEL_AUDIO_LENGTH_SIZE + (size_t)size;
  count(pump, &pump->stats.packets, 1);
  return true;
}

static void take(struct pump *pump) {
  float frames[PACKETS_INPUT_MAX * SAMPLE_RING_CHANNELS];
  while (packets_room(&pump->packets)) {
    int64_t begin, end;
    sample_ring_extent(pump->ring, &begin, &end);
    int64_t some = end - pump->position;
    some = some < PACKETS_INPUT_MAX ? some : PACKETS_INPUT_MAX;
    if (some <= 0)
      return;
    sample_ring_read(pump->ring, pump->position, frames, (size_t)some);
    packets_put(&pump->packets, frames, (size_t)some);
    pump->position += some;
  }
}

static void send_sound(struct pump *pump, uint64_t now_ns) {
  const int64_t before = pump->position;
  place(pump);
  while (flush(pump, now_ns)) {
    take(pump);
    if (!next_packet(pump))
      break;
  }
  pump->late_us = pump->position != before ? 0 : pump->late_us;
}

/* When the last frame of the next packet should have been written. */
static uint64_t wait_for_sound(struct pump *pump) {
  const uint64_t wrote_ns = atomic_load_explicit(&pump->wrote_ns, memory_order_relaxed);
  const uint32_t wrote = atomic_load_explicit(&pump->wrote_frames, memory_order_relaxed);
  const uint64_t now = engine_world_ns(pump->world, pump->world->now());
  if (pump->out_size)
    return UINT64_MAX; /* the peer must read first: POLLOUT */
  if (wrote) {
    const uint64_t missing = pump->has_packets ? packets_missing(&pump->packets) : wrote;
    const uint64_t writes = (missing + wrote - 1) / wrote;
    const uint64_t due =
      wrote_ns + (us_of((writes ? writes : 1) * wrote, pump->now.rate) + MARGIN_US) * ORIEL_NS_PER_US;
    if (due > now) {
      pump->late_us = 0;
      return due - now;
    }
  }
  if (!pump->late_us)
    count(pump, &pump->stats.late, 1);
  pump->late_us = pump->late_us ? pump->late_us * 2 : LATE_FIRST_US;
  if (pump->late_us > LATE_MOST_US)
    pump->late_us = LATE_MOST_US;
  return pump->late_us * ORIEL_NS_PER_US;
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static void *run(void *context) {
  struct pump *pump = context;
  short revents = 0;
  while (obey(pump)) {
    uint64_t now = oriel_clock_ns(), timeout = UINT64_MAX;
    /* Parked: a connection is kept, but none is made. */
    const bool dialling = pump->dialer && (pump->now.running || pump->was_connected);
    bool connected = false;
    if (dialling) {
      connected = oriel_dialer_step(pump->dialer, revents, now) == ORIEL_STREAM_CONNECTED;
      report(pump, connected);
      if (connected && pump->now.running) {
        send_sound(pump, now);
        connected = oriel_dialer_state(pump->dialer) == ORIEL_STREAM_CONNECTED;
        if (connected)
          timeout = wait_for_sound(pump);
        else
          report(pump, false);
      }
    }
    if (dialling && (connected || pump->now.running)) {
      const int ms = oriel_dialer_timeout_ms(pump->dialer, oriel_clock_ns());
      timeout = ms < 0 ? timeout : least(timeout, (unsigned)ms * ORIEL_NS_PER_MS);
    }
    const bool polls = dialling && (connected || pump->now.running);
    revents = waker_wait(&pump->waker, polls ? oriel_dialer_fd(pump->dialer) : -1,
                         polls ? oriel_dialer_events(pump->dialer, pump->out_size > 0) : 0, timeout);
  }
  close_link(pump);
  return NULL;
}

int pump_create(const struct engine_world *world, struct sample_ring *ring, struct pump **pump) {
  struct pump *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->world = world;
  made->ring = ring;
  made->wish.rate = PACKETS_RATE;
  made->wish.channels = 2;
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->paused, NULL);
  int rc = waker_init(&made->waker);
  if (rc < 0)
    goto no_waker;
  rc = -pthread_create(&made->thread, NULL, run, made);
  if (rc < 0)
    goto no_thread;
  *pump = made;
  return 0;
no_thread:
  waker_finish(&made->waker);
no_waker:
  pthread_cond_destroy(&made->paused);
  pthread_mutex_destroy(&made->lock);
  free(made);
  return rc;
}

/* Wakes the thread for a changed wish; with the lock, which it gives back. */
static void wished(struct pump *pump) {
  pthread_cond_broadcast(&pump->paused);
  pthread_mutex_unlock(&pump->lock);
  waker_wake(&pump->waker);
}

void pump_destroy(struct pump *pump) {
  if (!pump)
    return;
  pthread_mutex_lock(&pump->lock);
  pump->wish.quit = true;
  wished(pump);
  pthread_join(pump->thread, NULL);
  waker_finish(&pump->waker);
  pthread_cond_destroy(&pump->paused);
  pthread_mutex_destroy(&pump->lock);
  free(pump);
}

void pump_configure(struct pump *pump, const char *address, uint32_t bitrate_kbps) {
  assert(strlen(address) < SETTINGS_ADDRESS_SIZE);
  pthread_mutex_lock(&pump->lock);
  snprintf(pump->wish.address, sizeof pump->wish.address, "%s", address);
  pump->wish.bitrate_kbps = bitrate_kbps;
  pump->wish.changes++;
  wished(pump);
}

void pump_pause(struct pump *pump) {
  pthread_mutex_lock(&pump->lock);
  pump->wish.paused = true;
  wished(pump);
  pthread_mutex_lock(&pump->lock);
  while (!pump->is_paused)
    pthread_cond_wait(&pump->paused, &pump->lock);
  pthread_mutex_unlock(&pump->lock);
}

void pump_resume(struct pump *pump, uint32_t rate, uint32_t channels) {
  pthread_mutex_lock(&pump->lock);
  pump->wish.paused = false;
  pump->wish.rate = rate;
  pump->wish.channels = channels;
  pump->wish.changes++;
  wished(pump);
}

void pump_run(struct pump *pump, bool running) {
  pthread_mutex_lock(&pump->lock);
  pump->wish.running = running;
  wished(pump);
}

void pump_stats(struct pump *pump, struct pump_stats *stats) {
  pthread_mutex_lock(&pump->lock);
  *stats = pump->stats;
  pthread_mutex_unlock(&pump->lock);
}
