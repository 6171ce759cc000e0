/* SPDX-License-Identifier: MIT
 *
 * The microphone: a thread that dials, cuts the stream into packets and pushes them into a receiver; the IO callback pulls.
 * Two receivers, one for each format, live as long as the microphone: a change of format switches between them, and the
 * callback never meets one that is being made or freed.
 */
#include "driver/microphone.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "driver/waker.h"
#include "transport/stream.h"
#include "wire/audio.h"

enum { READ_SIZE = 4096, READS_MAX = 16 /* of one turn: a flood does not keep us from obeying */ };

struct wish {
  char address[SETTINGS_ADDRESS_SIZE];
  uint64_t changes;
  bool running, quit;
};

struct microphone {
  const struct engine_world *world;
  struct waker waker;
  pthread_t thread;
  pthread_mutex_t lock; /* guards wish and stats */
  struct wish wish;
  struct microphone_stats stats;
  struct oriel_receiver *receivers[2]; /* by is_pcm */
  atomic_int in_use;                   /* index of the one that is pulled; relaxed: both are always valid */

  /* The thread's own. */
  struct wish now;
  struct oriel_transport_address address;
  struct oriel_dialer *dialer;
  struct oriel_audio_framer framer;
  uint64_t sequence;
  bool was_connected;
  const char *logged; /* the failure that was logged last */
};

static struct oriel_receiver *receiver_of(const struct microphone *microphone) {
  return microphone->receivers[atomic_load_explicit(&microphone->in_use, memory_order_relaxed)];
}

void microphone_pull(struct microphone *microphone, float *stereo, size_t count, uint64_t now_ns) {
  oriel_receiver_pull(receiver_of(microphone), stereo, count, now_ns);
}

static void say(struct microphone *microphone, enum engine_log_level level, const char *format, const char *detail) {
  char text[SETTINGS_ADDRESS_SIZE + 256];
  snprintf(text, sizeof text, format, microphone->now.address, detail);
  microphone->world->log(level, text);
}

static void forget_stream(struct microphone *microphone) {
  oriel_receiver_reset(receiver_of(microphone));
  memset(&microphone->framer, 0, sizeof microphone->framer);
}

static void close_link(struct microphone *microphone) {
  if (!microphone->dialer)
    return;
  oriel_dialer_destroy(microphone->dialer);
  microphone->dialer = NULL;
  microphone->was_connected = false;
  forget_stream(microphone);
}

static void open_link(struct microphone *microphone) {
  char why[SETTINGS_WHY_SIZE];
  int rc = oriel_transport_address_parse(microphone->now.address, &microphone->address, why, sizeof why);
  if (!rc)
    rc = oriel_dialer_create(&microphone->address, &microphone->dialer);
  if (rc < 0) {
    microphone->dialer = NULL;
    say(microphone, ENGINE_LOG_ERROR, "no microphone from %s: %s; set another Microphone", strerror(-rc));
    return;
  }
  atomic_store_explicit(&microphone->in_use, microphone->address.is_pcm, memory_order_relaxed);
  forget_stream(microphone);
}

static bool obey(struct microphone *microphone) {
  pthread_mutex_lock(&microphone->lock);
  const struct wish wish = microphone->wish;
  pthread_mutex_unlock(&microphone->lock);
  const bool changed = wish.changes != microphone->now.changes || wish.running != microphone->now.running;
  if (changed || wish.quit)
    close_link(microphone);
  microphone->now = wish;
  if (changed && !wish.quit && wish.running && *wish.address)
    open_link(microphone);
  return !wish.quit;
}

static void report(struct microphone *microphone, bool connected) {
  const char *why = NULL;
  const uint64_t failures = microphone->dialer ? oriel_dialer_failures(microphone->dialer, &why) : 0;
  pthread_mutex_lock(&microphone->lock);
  microphone->stats.configured = *microphone->now.address != '\0';
  microphone->stats.connected = connected;
  microphone->stats.connections += connected && !microphone->was_connected;
  microphone->stats.failures = failures;
  microphone->stats.why = why;
  pthread_mutex_unlock(&microphone->lock);
  if (connected != microphone->was_connected && microphone->dialer)
    forget_stream(microphone);
  if (connected && !microphone->was_connected) {
    say(microphone, ENGINE_LOG_INFO, "the microphone comes from %s%s", "");
    microphone->logged = NULL;
  } else if (!connected && failures && why != microphone->logged) {
    say(microphone, ENGINE_LOG_ERROR, "no microphone from %s: %s; trying again", why ? why : "it failed");
    microphone->logged = why;
  }
  microphone->was_connected = connected;
}

/* Cuts what came into packets. 0 or -EBADMSG: the stream is broken. */
static int cut(struct microphone *microphone, const uint8_t *data, size_t size) {
  /* The callback's clock, so that arrivals and pulls are measured by one. */
  const uint64_t arrived = engine_world_ns(microphone->world, microphone->world->now());
  for (;;) {
    const uint8_t *packet;
    size_t packet_size;
    int rc = oriel_audio_framer_next(&microphone->framer, &data, &size, &packet, &packet_size);
    if (rc <= 0)
      return rc;
    oriel_receiver_push(receiver_of(microphone), packet, packet_size, microphone->sequence++, arrived);
  }
}

static void malformed(struct microphone *microphone, uint64_t now_ns) {
  pthread_mutex_lock(&microphone->lock);
  const bool first = microphone->stats.malformed++ == 0;
  pthread_mutex_unlock(&microphone->lock);
  if (first)
    say(microphone, ENGINE_LOG_ERROR, "%s sent no packets of 1 to 1500 bytes; the connection is ended%s", "");
  oriel_dialer_reset(microphone->dialer, now_ns);
}

static void receive(struct microphone *microphone, uint64_t now_ns) {
  uint8_t data[READ_SIZE];
  for (int i = 0; i < READS_MAX; i++) {
    const ssize_t got = oriel_dialer_receive(microphone->dialer, data, sizeof data, now_ns);
    if (got <= 0)
      return;
    pthread_mutex_lock(&microphone->lock);
    microphone->stats.bytes += (uint64_t)got;
    pthread_mutex_unlock(&microphone->lock);
    if (cut(microphone, data, (size_t)got) < 0) {
      malformed(microphone, now_ns);
      return;
    }
  }
}

static void *run(void *context) {
  struct microphone *microphone = context;
  short revents = 0;
  while (obey(microphone)) {
    uint64_t timeout = UINT64_MAX;
    if (microphone->dialer) {
      const uint64_t now = oriel_clock_ns();
      bool connected = oriel_dialer_step(microphone->dialer, revents, now) == ORIEL_STREAM_CONNECTED;
      report(microphone, connected);
      if (connected) {
        receive(microphone, now);
        connected = oriel_dialer_state(microphone->dialer) == ORIEL_STREAM_CONNECTED;
        if (!connected)
          report(microphone, false);
      }
      const int ms = oriel_dialer_timeout_ms(microphone->dialer, oriel_clock_ns());
      timeout = ms < 0 ? UINT64_MAX : (unsigned)ms * ORIEL_NS_PER_MS;
    } else {
      report(microphone, false);
    }
    revents = waker_wait(&microphone->waker, microphone->dialer ? oriel_dialer_fd(microphone->dialer) : -1,
                         microphone->dialer ? oriel_dialer_events(microphone->dialer, false) : 0, timeout);
  }
  return NULL;
}

int microphone_create(const struct engine_world *world, struct microphone **microphone) {
  struct microphone *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->world = world;
  pthread_mutex_init(&made->lock, NULL);
  int rc = 0;
  for (int pcm = 0; pcm < 2 && !rc; pcm++) {
    const struct oriel_receiver_config config = {.is_pcm = pcm != 0, .channels = 2, .rate = 48000};
    rc = oriel_receiver_create(&config, &made->receivers[pcm]);
  }
  if (rc < 0)
    goto no_receivers;
  rc = waker_init(&made->waker);
  if (rc < 0)
    goto no_receivers;
  rc = -pthread_create(&made->thread, NULL, run, made);
  if (rc < 0)
    goto no_thread;
  *microphone = made;
  return 0;
no_thread:
  waker_finish(&made->waker);
no_receivers:
  for (int pcm = 0; pcm < 2; pcm++)
    oriel_receiver_destroy(made->receivers[pcm]);
  pthread_mutex_destroy(&made->lock);
  free(made);
  return rc;
}

static void wished(struct microphone *microphone) {
  pthread_mutex_unlock(&microphone->lock);
  waker_wake(&microphone->waker);
}

void microphone_destroy(struct microphone *microphone) {
  if (!microphone)
    return;
  pthread_mutex_lock(&microphone->lock);
  microphone->wish.quit = true;
  wished(microphone);
  pthread_join(microphone->thread, NULL);
  waker_finish(&microphone->waker);
  for (int pcm = 0; pcm < 2; pcm++)
    oriel_receiver_destroy(microphone->receivers[pcm]);
  pthread_mutex_destroy(&microphone->lock);
  free(microphone);
}

void microphone_configure(struct microphone *microphone, const char *address) {
  assert(strlen(address) < SETTINGS_ADDRESS_SIZE);
  pthread_mutex_lock(&microphone->lock);
  snprintf(microphone->wish.address, sizeof microphone->wish.address, "%s", address);
  microphone->wish.changes++;
  wished(microphone);
}

void microphone_run(struct microphone *microphone, bool running) {
  pthread_mutex_lock(&microphone->lock);
  microphone->wish.running = running;
  wished(microphone);
}

void microphone_stats(struct microphone *microphone, struct microphone_stats *stats) {
  pthread_mutex_lock(&microphone->lock);
  *stats = microphone->stats;
  pthread_mutex_unlock(&microphone->lock);
  oriel_receiver_stats(receiver_of(microphone), &stats->receiver);
}
