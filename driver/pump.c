/* SPDX-License-Identifier: MIT
 *
 * The pump: a thread that turns what is played into packets and sends them.
 */
#include "driver/pump.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "driver/packets.h"
#include "driver/worker.h"
#include "wire/audio_sender.h"

enum {
  BACKLOG_US = 40000,     /* above two IO periods and a packet: more is old sound */
  LATE_FIRST_US = 500,    /* IO later than predicted: look again, at twice the time each turn */
  LATE_MOST_US = 100000,
  MARGIN_US = 150,        /* after the predicted end of a callback */
  END_MS = 200,           /* for so long the rest of a sound that ended is worth sending */
};

/** Of the sound: what is in the ring, and how it is coded. */
struct form {
  uint32_t bitrate_kbps, rate;
  unsigned channels;
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  int64_t start;   /* sample time from which on sound is new, when it last began to play */
  uint32_t starts; /* times that it began */
};

struct pump {
  struct sample_ring *ring;
  struct worker worker;
  struct form requested;   /* with the worker's lock */
  struct pump_stats stats; /* with the worker's lock; less what the worker counts */
  /* The IO callback's last write. Relaxed: a torn pair only predicts a little wrong. */
  _Atomic uint64_t wrote_ns;
  _Atomic uint32_t wrote_frames;
  /* Where its first write since sound began lies: silence before it is not sent. */
  _Atomic uint32_t begun; /* times that sound began; relaxed: IO comes after */
  uint32_t seen;          /* of those; the IO callback's */
  _Atomic int64_t first;  /* relaxed: ordered by the ring's end, which moves after it */

  /* The thread's own. */
  struct form now;
  struct packets packets;
  bool has_packets, is_placed;
  bool is_fresh;    /* nothing of this sound is taken yet */
  bool is_ending;   /* nothing plays any more, and not all is sent */
  bool is_ended;    /* the fade behind the sound is made */
  int64_t position; /* next frame to take from the ring */
  uint64_t end_ns;  /* until when what is left is worth sending; 0 = not yet known */
  struct oriel_audio_sender sender;
  uint8_t out[ORIEL_AUDIO_SENT_MAX];
  size_t out_begin, out_at, out_size; /* of what is sent of it */
  uint64_t late_us; /* of the next look when IO is late; 0 = on time */
};

static uint64_t us_of(uint64_t frames, uint32_t rate) {
  return frames * 1000000 / rate;
}

void pump_wrote(struct pump *pump, uint32_t count, uint64_t now_ns) {
  atomic_store_explicit(&pump->wrote_frames, count, memory_order_relaxed);
  atomic_store_explicit(&pump->wrote_ns, now_ns, memory_order_relaxed);
}

void pump_writes(struct pump *pump, int64_t at) {
  const uint32_t begun = atomic_load_explicit(&pump->begun, memory_order_relaxed);
  if (pump->seen != begun)
    atomic_store_explicit(&pump->first, at, memory_order_relaxed);
  pump->seen = begun;
}

/* Sound began to play, and may have ended already. Where the sound before has not ended for us, this one goes on from
 * it. */
static void begin(struct pump *pump) {
  if (!pump->is_placed || pump->is_ended || pump->position > pump->now.start) {
    pump->position = pump->now.start;
    pump->is_fresh = true;
    if (pump->has_packets)
      packets_restart(&pump->packets);
  }
  pump->is_placed = true;
  pump->is_ended = false;
  pump->is_ending = !pump->worker.requested.running;
  pump->end_ns = 0;
}

static void apply(void *owner) {
  struct pump *pump = owner;
  if (pump->has_packets && memcmp(pump->now.layout, pump->requested.layout, sizeof pump->now.layout) != 0)
    oriel_downmix_init(&pump->packets.downmix, pump->requested.layout, pump->packets.downmix.channels);
  const bool has_begun = pump->requested.starts != pump->now.starts;
  pump->now = pump->requested;
  if (has_begun)
    begin(pump);
}

static int open_coder(void *owner, const struct oriel_transport_address *address) {
  struct pump *pump = owner;
  const int error = packets_init(&pump->packets, address, pump->now.bitrate_kbps, pump->now.rate, pump->now.layout,
                              pump->now.channels);
  pump->has_packets = !error;
  pump->sender.is_datagram = address->scheme == ORIEL_TRANSPORT_UDP;
  pump->sender.is_pcm = address->is_pcm;
  return error;
}

static void restart(void *owner, bool is_other) {
  struct pump *pump = owner;
  if (is_other) {
    pump->is_placed = pump->is_fresh = pump->is_ending = pump->is_ended = false;
    pump->out_size = pump->out_at = 0;
  } else if (!pump->worker.now.running) {
    pump->is_ending = pump->is_placed; /* the rest of it is sent first; its last packet is not full */
    pump->end_ns = 0;
  }
}

static void close_coder(void *owner) {
  struct pump *pump = owner;
  if (pump->has_packets)
    packets_finish(&pump->packets);
  pump->has_packets = false;
  restart(pump, true);
}

static void count(struct pump *pump, uint64_t *counter, uint64_t add) {
  worker_count(&pump->worker, counter, add);
}

/* Puts the position where sound is current: at the end after a start, at the newest write after a jump or a stall. */
static void place(struct pump *pump) {
  int64_t begin, end;
  sample_ring_extent(pump->ring, &begin, &end);
  if (pump->is_fresh && end != pump->now.start) {
    pump->position = atomic_load_explicit(&pump->first, memory_order_relaxed);
    pump->is_fresh = false;
  }
  const int64_t wrote = atomic_load_explicit(&pump->wrote_frames, memory_order_relaxed);
  const int64_t most = 2 * wrote + (int64_t)pump->now.rate * BACKLOG_US / 1000000;
  const bool jumped = !pump->is_placed || pump->position < begin || pump->position > end;
  const bool stalled = pump->is_placed && end - pump->position > most;
  if (!jumped && !stalled)
    return;
  const int64_t newest = end - wrote > begin ? end - wrote : begin;
  pump->position = pump->is_placed ? newest : end;
  pump->is_fresh = !pump->is_placed && end == pump->now.start;
  pump->is_placed = true;
  if (stalled)
    count(pump, &pump->stats.trims, 1);
  packets_restart(&pump->packets);
}

/* Sends what waits. True: all went out. */
static bool send_rest(struct pump *pump, uint64_t now_ns) {
  while (pump->out_at < pump->out_size) {
    ssize_t sent =
        oriel_dialer_send(pump->worker.dialer, pump->out + pump->out_at, pump->out_size - pump->out_at, now_ns);
    if (sent < 0 && sent != -EMSGSIZE)
      return false;
    const size_t taken = sent < 0 ? pump->out_size - pump->out_at : (size_t)sent;
    pump->out_at += taken;
    count(pump, &pump->stats.bytes, taken);
  }
  pump->out_at = pump->out_size = 0;
  return true;
}

static_assert((int)ORIEL_SOUND_CODER_PACKET_MAX == (int)ORIEL_AUDIO_PACKET_MAX, "what the coder gives, the wire takes");

/* One packet, as it is sent, into `out`. False: there is none yet. */
static bool next_packet(struct pump *pump) {
  const int size = packets_next(&pump->packets, pump->out + ORIEL_AUDIO_LENGTH_SIZE);
  if (size < 0)
    count(pump, &pump->stats.errors, 1);
  if (size <= 0)
    return size < 0;
  pump->out_begin = pump->out_at =
    oriel_audio_sender_complete(&pump->sender, pump->out, (size_t)size, &pump->out_size);
  pump->out_size += pump->out_begin;
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

/* The rest of what was played. False: the peer must read first. */
static bool send_end(struct pump *pump, uint64_t now_ns) {
  while (send_rest(pump, now_ns)) {
    take(pump);
    if (next_packet(pump))
      continue;
    if (pump->is_ended)
      return true;
    packets_end(&pump->packets);
    pump->is_ended = true;
  }
  return false;
}

static void send_sound(struct pump *pump, uint64_t now_ns) {
  const int64_t before = pump->position;
  place(pump);
  while (send_rest(pump, now_ns)) {
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
  const uint64_t now = engine_world_ns(pump->worker.world, pump->worker.world->now());
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

static uint64_t transfer(void *owner, uint64_t now_ns) {
  send_sound(owner, now_ns);
  return wait_for_sound(owner);
}

static bool wants_write(const void *owner) {
  return ((const struct pump *)owner)->out_size > 0;
}

/* Nothing plays any more: the rest of the sound goes out. What the peer does not take soon would be old sound when it
 * goes on, but for a packet that has begun: it would wait for the rest of that. */
static void flush(void *owner, uint64_t now_ns) {
  struct pump *pump = owner;
  if (pump->end_ns == 0)
    pump->end_ns = now_ns + END_MS * ORIEL_NS_PER_MS;
  if (pump->is_ending && now_ns < pump->end_ns) {
    place(pump);
    pump->is_ending = !send_end(pump, now_ns);
    return;
  }
  if (pump->out_at > pump->out_begin)
    send_rest(pump, now_ns);
  else
    pump->out_size = pump->out_at = 0;
}

static const struct worker_impl impl = {
  .connected = "sound goes to %s%s",
  .failed = "no sound to %s: %s; trying again",
  .refused = "sound cannot be sent to %s: %s; set another Transport",
  .keeps = true,
  .apply = apply,
  .open = open_coder,
  .close = close_coder,
  .restart = restart,
  .transfer = transfer,
  .flush = flush,
  .wants_write = wants_write,
};

int pump_create(const struct engine_world *world, struct sample_ring *ring, struct pump **pump) {
  struct pump *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->ring = ring;
  made->requested.rate = PACKETS_RATE;
  made->requested.channels = 2;
  oriel_layout(2, made->requested.layout);
  int error = worker_init(&made->worker, &impl, made, world);
  if (error < 0)
    free(made);
  else
    *pump = made;
  return error;
}

void pump_destroy(struct pump *pump) {
  if (!pump)
    return;
  worker_finish(&pump->worker);
  free(pump);
}

void pump_configure(struct pump *pump, const char *address, uint32_t bitrate_kbps) {
  pthread_mutex_lock(&pump->worker.lock);
  pump->requested.bitrate_kbps = bitrate_kbps;
  pthread_mutex_unlock(&pump->worker.lock);
  worker_configure(&pump->worker, address);
}

void pump_pause(struct pump *pump) {
  worker_pause(&pump->worker);
}

void pump_resume(struct pump *pump, uint32_t rate, uint32_t channels) {
  pthread_mutex_lock(&pump->worker.lock);
  pump->requested.rate = rate;
  pump->requested.channels = channels;
  oriel_layout(channels, pump->requested.layout);
  pthread_mutex_unlock(&pump->worker.lock);
  worker_resume(&pump->worker);
}

void pump_place(struct pump *pump, const enum oriel_speaker layout[ORIEL_SPEAKERS_MAX]) {
  pthread_mutex_lock(&pump->worker.lock);
  memcpy(pump->requested.layout, layout, sizeof pump->requested.layout);
  pthread_mutex_unlock(&pump->worker.lock);
  worker_wake(&pump->worker);
}

void pump_run(struct pump *pump, bool running) {
  int64_t begin, end;
  sample_ring_extent(pump->ring, &begin, &end);
  pthread_mutex_lock(&pump->worker.lock);
  if (running) {
    pump->requested.start = end;
    atomic_store_explicit(&pump->begun, ++pump->requested.starts, memory_order_relaxed);
  }
  pthread_mutex_unlock(&pump->worker.lock);
  worker_run(&pump->worker, running);
}

void pump_stats(struct pump *pump, struct pump_stats *stats) {
  pthread_mutex_lock(&pump->worker.lock);
  *stats = pump->stats;
  stats->link = pump->worker.stats;
  pthread_mutex_unlock(&pump->worker.lock);
}
