/* SPDX-License-Identifier: MIT
 *
 * The microphone: a thread that dials, cuts the stream into packets and pushes them into a receiver; the IO callback
 * pulls. Two receivers, one for each format, live as long as the microphone: a change of format switches between them,
 * and the callback never meets one that is being made or freed.
 */
#include "driver/microphone.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/opus_packet.h"
#include "wire/audio.h"

enum {
  READ_SIZE = 4096,
  CREDIT_MOST = 64, /* bytes at once */
  READS_MAX = 16, /* of one turn: a flood does not keep us from what other threads request */
};

struct microphone {
  struct worker worker;
  struct microphone_stats stats; /* with the worker's lock; less what the worker and the receiver count */
  struct oriel_receiver *receivers[2]; /* by is_pcm */
  atomic_int in_use;                   /* index of the one that is pulled; relaxed: both are always valid */

  /* The thread's own. */
  struct oriel_audio_framer framer;
  struct oriel_opus_plausibility plausibility;
  uint64_t sequence;
  size_t unpaid; /* packets that were read and not yet said to be */
};

static struct oriel_receiver *receiver_of(const struct microphone *microphone) {
  return microphone->receivers[atomic_load_explicit(&microphone->in_use, memory_order_relaxed)];
}

void microphone_pull(struct microphone *microphone, float *stereo, size_t count, uint64_t now_ns) {
  oriel_receiver_pull(receiver_of(microphone), stereo, count, now_ns);
}

static void restart(void *owner, bool is_other) {
  struct microphone *microphone = owner;
  (void)is_other;
  oriel_receiver_reset(receiver_of(microphone));
  memset(&microphone->framer, 0, sizeof microphone->framer);
  microphone->plausibility = (struct oriel_opus_plausibility){0};
  microphone->unpaid = 0;
}

static int open_stream(void *owner, const struct oriel_transport_address *address) {
  struct microphone *microphone = owner;
  atomic_store_explicit(&microphone->in_use, address->is_pcm, memory_order_relaxed);
  restart(microphone, true);
  return 0;
}

static void close_stream(void *owner) {
  restart(owner, true);
}

/* Whether a stream that goes on like this is what the address says. */
static bool is_sound(struct microphone *microphone, const uint8_t *packet, size_t size) {
  if (atomic_load_explicit(&microphone->in_use, memory_order_relaxed)) /* written by this thread */
    return size % (ORIEL_AUDIO_CHANNELS * sizeof(float)) == 0;
  return oriel_opus_plausibility_take(&microphone->plausibility, oriel_opus_packet_frames(packet, size));
}

/* Cuts what came into packets. 0 or -EBADMSG: the stream is broken. */
static int cut(struct microphone *microphone, const uint8_t *data, size_t size) {
  /* The callback's clock, so that arrivals and pulls are measured by one. */
  const uint64_t arrived = engine_world_ns(microphone->worker.world, microphone->worker.world->now());
  for (;;) {
    const uint8_t *packet;
    size_t packet_size;
    const int result = oriel_audio_framer_next(&microphone->framer, &data, &size, &packet, &packet_size);
    if (result <= 0)
      return result;
    microphone->unpaid++;
    if (!is_sound(microphone, packet, packet_size))
      return -EBADMSG;
    oriel_receiver_push(receiver_of(microphone), packet, packet_size, microphone->sequence++, arrived);
  }
}

/* Says how many packets were read, so that the host keeps none for us while we sleep. What finds no room is said
 * later. */
static void give_credit(struct microphone *microphone, uint64_t now_ns) {
  uint8_t bytes[CREDIT_MOST];
  memset(bytes, ORIEL_AUDIO_CREDIT, sizeof bytes);
  while (microphone->unpaid > 0) {
    const size_t most = microphone->unpaid < sizeof bytes ? microphone->unpaid : sizeof bytes;
    const ssize_t sent = oriel_dialer_send(microphone->worker.dialer, bytes, most, now_ns);
    if (sent <= 0)
      return;
    microphone->unpaid -= (size_t)sent;
  }
}

static void malformed(struct microphone *microphone, const char *what, uint64_t now_ns) {
  /* Only this thread counts: it may read without the lock. */
  if (microphone->stats.malformed == 0)
    worker_report(&microphone->worker, ENGINE_LOG_ERROR,
               "%s sent %s; the connection is ended", what);
  worker_count(&microphone->worker, &microphone->stats.malformed, 1);
  oriel_dialer_reset(microphone->worker.dialer, now_ns);
}

/* For how long to sleep at most, in ns: until more comes, or the packet that has begun must have ended. */
static uint64_t wait_inside(struct microphone *microphone, uint64_t now_ns) {
  if (oriel_audio_framer_is_lost(&microphone->framer, now_ns)) {
    malformed(microphone, "the beginning of a packet and not its end for a second", now_ns);
    return UINT64_MAX;
  }
  return microphone->framer.due_ns ? microphone->framer.due_ns - now_ns : UINT64_MAX;
}

static uint64_t receive(void *owner, uint64_t now_ns) {
  struct microphone *microphone = owner;
  uint8_t data[READ_SIZE];
  for (int i = 0; i < READS_MAX; i++) {
    const ssize_t got = oriel_dialer_receive(microphone->worker.dialer, data, sizeof data, now_ns);
    if (got <= 0)
      break;
    worker_count(&microphone->worker, &microphone->stats.bytes, (uint64_t)got);
    if (cut(microphone, data, (size_t)got) < 0) {
      malformed(microphone, "no packets of 1 to 1500 bytes, or something else than its format= says", now_ns);
      return UINT64_MAX;
    }
  }
  give_credit(microphone, now_ns);
  return wait_inside(microphone, now_ns);
}

static const struct worker_impl impl = {
  .connected = "the microphone comes from %s%s",
  .failed = "no microphone from %s: %s; trying again",
  .refused = "no microphone from %s: %s; set another Microphone",
  .open = open_stream,
  .close = close_stream,
  .restart = restart,
  .transfer = receive,
};

static void free_receivers(struct microphone *microphone) {
  for (int pcm = 0; pcm < 2; pcm++)
    oriel_receiver_destroy(microphone->receivers[pcm]);
  free(microphone);
}

int microphone_create(const struct engine_world *world, struct microphone **microphone) {
  struct microphone *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  int error = 0;
  for (int pcm = 0; pcm < 2 && !error; pcm++) {
    const struct oriel_receiver_config config = {.is_pcm = pcm != 0, .channels = 2, .rate = 48000};
    error = oriel_receiver_create(&config, &made->receivers[pcm]);
  }
  if (!error)
    error = worker_init(&made->worker, &impl, made, world);
  if (error < 0)
    free_receivers(made);
  else
    *microphone = made;
  return error;
}

void microphone_destroy(struct microphone *microphone) {
  if (!microphone)
    return;
  worker_finish(&microphone->worker);
  free_receivers(microphone);
}

void microphone_configure(struct microphone *microphone, const char *address) {
  worker_configure(&microphone->worker, address);
}

void microphone_run(struct microphone *microphone, bool running) {
  worker_run(&microphone->worker, running);
}

void microphone_stats(struct microphone *microphone, struct microphone_stats *stats) {
  pthread_mutex_lock(&microphone->worker.lock);
  *stats = microphone->stats;
  stats->link = microphone->worker.stats;
  pthread_mutex_unlock(&microphone->worker.lock);
  oriel_receiver_stats(receiver_of(microphone), &stats->receiver);
}
