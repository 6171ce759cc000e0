/* SPDX-License-Identifier: MIT
 *
 * guest_audio's life and its thread: one poll over everything that guests may connect to.
 */
#include "source/guest_audio.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "source/guest_audio_input.h"
#include "source/guest_microphone.h"
#include "wire/audio.h"

enum { POLLS = 1 + (ORIEL_GUEST_AUDIO_INPUTS_MAX + 1) * GUEST_LINK_POLLS };

struct oriel_guest_audio {
  struct oriel_guest_audio_sink sink;
  unsigned input_count;
  struct guest_audio_input inputs[ORIEL_GUEST_AUDIO_INPUTS_MAX];
  bool has_microphone;
  struct guest_microphone microphone;
  int wake[2]; /* a pipe: a byte in it ends the thread's sleep */
  atomic_bool stopping;
  bool is_started;
  pthread_t thread;
  pthread_mutex_t lock; /* guards info's inputs: what other threads see of the counters */
  struct oriel_guest_audio_input info[ORIEL_GUEST_AUDIO_INPUTS_MAX];
};

static int open_wake(int wake[2]) {
  if (pipe(wake) < 0)
    return -errno;
  for (int i = 0; i < 2; i++) {
    (void)fcntl(wake[i], F_SETFL, O_NONBLOCK);
    (void)fcntl(wake[i], F_SETFD, FD_CLOEXEC);
  }
  return 0;
}

static int open_input(struct oriel_guest_audio *audio, const char *address, bool dial_unix, char *why,
                     size_t why_size) {
  struct guest_audio_input *input = &audio->inputs[audio->input_count];
  const int error = guest_audio_input_open(input, audio->input_count, address, dial_unix, why, why_size);
  audio->info[audio->input_count++] = input->counters; /* counts from here on, so that destroy sees it */
  return error;
}

static int open_all(struct oriel_guest_audio *audio, const struct oriel_guest_audio_config *config, char *why,
                    size_t why_size) {
  int error = 0;
  if (config->udp) {
    char address[300];
    snprintf(address, sizeof address, "udp://%s", config->udp);
    error = open_input(audio, address, false, why, why_size);
  }
  for (unsigned i = 0; i < config->stream_count && error == 0; i++)
    error = open_input(audio, config->streams[i], config->dials_streams, why, why_size);
  if (config->microphone && error == 0) {
    audio->has_microphone = true;
    error = guest_microphone_open(&audio->microphone, config->microphone, config->dials_microphone, why, why_size);
  }
  return error;
}

int oriel_guest_audio_create(const struct oriel_guest_audio_config *config, struct oriel_guest_audio **out, char *why,
                             size_t why_size) {
  assert(config && out && why && why_size >= 256);
  snprintf(why, why_size, "no memory for the guest's sound");
  if (config->stream_count > ORIEL_GUEST_AUDIO_STREAMS_MAX) {
    snprintf(why, why_size, "at most %d addresses can be listened at for the guest's sound",
             ORIEL_GUEST_AUDIO_STREAMS_MAX);
    return -EINVAL;
  }
  struct oriel_guest_audio *audio = calloc(1, sizeof *audio);
  if (!audio)
    return -ENOMEM;
  int error = open_wake(audio->wake);
  if (error < 0)
    goto fail_memory;
  error = guest_microphone_init(&audio->microphone);
  if (error < 0)
    goto fail_wake;
  if (pthread_mutex_init(&audio->lock, NULL)) {
    error = -ENOMEM;
    goto fail_microphone;
  }
  error = open_all(audio, config, why, why_size);
  if (error < 0) {
    oriel_guest_audio_destroy(audio);
    return error;
  }
  why[0] = '\0';
  *out = audio;
  return 0;
fail_microphone:
  guest_microphone_finish(&audio->microphone);
fail_wake:
  close(audio->wake[0]);
  close(audio->wake[1]);
fail_memory:
  free(audio);
  return error;
}

static void wake(struct oriel_guest_audio *audio) {
  const char byte = 0;
  if (write(audio->wake[1], &byte, 1) < 0)
    return; /* full: it is awake already */
}

void oriel_guest_audio_destroy(struct oriel_guest_audio *audio) {
  if (!audio)
    return;
  atomic_store(&audio->stopping, true);
  wake(audio);
  if (audio->is_started)
    pthread_join(audio->thread, NULL);
  for (unsigned i = 0; i < audio->input_count; i++)
    guest_audio_input_finish(&audio->inputs[i]);
  guest_microphone_finish(&audio->microphone);
  pthread_mutex_destroy(&audio->lock);
  close(audio->wake[0]);
  close(audio->wake[1]);
  free(audio);
}

/* ---- the thread ---- */

static int sooner(int timeout_ms, int other_ms) {
  return timeout_ms < 0 || (other_ms >= 0 && other_ms < timeout_ms) ? other_ms : timeout_ms;
}

static void prepare(struct oriel_guest_audio *audio, struct pollfd polls[POLLS], int *timeout_ms) {
  const uint64_t now = oriel_clock_ns();
  struct guest_microphone *microphone = &audio->microphone;
  polls[0] = (struct pollfd){.fd = audio->wake[0], .events = POLLIN};
  *timeout_ms = -1;
  unsigned at = 1;
  for (unsigned i = 0; i < ORIEL_GUEST_AUDIO_INPUTS_MAX; i++, at += GUEST_LINK_POLLS) {
    if (i >= audio->input_count) {
      polls[at] = polls[at + 1] = (struct pollfd){.fd = -1};
      continue;
    }
    guest_link_poll(&audio->inputs[i].link, false, polls + at);
    *timeout_ms = sooner(*timeout_ms, guest_audio_input_timeout_ms(&audio->inputs[i], now));
  }
  guest_link_poll(&microphone->link, guest_microphone_wants_write(microphone), polls + at);
  *timeout_ms = sooner(*timeout_ms, guest_link_timeout_ms(&microphone->link, now));
  *timeout_ms = sooner(*timeout_ms, guest_microphone_timeout_ms(microphone, now));
}

static void step(struct oriel_guest_audio *audio, const struct pollfd polls[POLLS]) {
  const uint64_t now = oriel_clock_ns();
  char bytes[64];
  while (polls[0].revents && read(audio->wake[0], bytes, sizeof bytes) == sizeof bytes)
    continue;
  unsigned at = 1;
  for (unsigned i = 0; i < audio->input_count; i++, at += GUEST_LINK_POLLS)
    guest_audio_input_step(&audio->inputs[i], &audio->sink, polls + at, now);
  if (audio->has_microphone)
    guest_microphone_step(&audio->microphone, polls + POLLS - GUEST_LINK_POLLS, now);
  pthread_mutex_lock(&audio->lock);
  for (unsigned i = 0; i < audio->input_count; i++)
    audio->info[i] = audio->inputs[i].counters;
  pthread_mutex_unlock(&audio->lock);
}

static void *run(void *argument) {
  struct oriel_guest_audio *audio = argument;
  struct pollfd polls[POLLS];
  int timeout_ms;
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-guest");
#endif
  memset(polls, 0, sizeof polls);
  while (!atomic_load(&audio->stopping)) {
    step(audio, polls); /* first without events: dialers begin */
    prepare(audio, polls, &timeout_ms);
    if (poll(polls, POLLS, timeout_ms) <= 0)
      for (int i = 0; i < POLLS; i++)
        polls[i].revents = 0;
  }
  return NULL;
}

int oriel_guest_audio_start(struct oriel_guest_audio *audio, const struct oriel_guest_audio_sink *sink) {
  assert(!audio->is_started && sink->packet && sink->ended);
  audio->sink = *sink;
  if (pthread_create(&audio->thread, NULL, run, audio))
    return -EAGAIN;
  audio->is_started = true;
  return 0;
}

/* ---- any thread ---- */

int oriel_guest_audio_microphone(struct oriel_guest_audio *audio, const void *opus, size_t size,
                                 uint64_t captured_ns) {
  (void)captured_ns; /* age counts from here: a viewer's clock is not ours */
  if (!size || size > ORIEL_AUDIO_PACKET_MAX)
    return -EINVAL;
  if (!audio->has_microphone)
    return -ENOTCONN;
  const int error = guest_microphone_push(&audio->microphone, opus, size, oriel_clock_ns());
  if (!error)
    wake(audio);
  return error;
}

bool oriel_guest_audio_has_microphone(struct oriel_guest_audio *audio) {
  return audio->has_microphone && guest_microphone_is_taken(&audio->microphone, oriel_clock_ns());
}

void oriel_guest_audio_info(struct oriel_guest_audio *audio, struct oriel_guest_audio_info *info) {
  struct guest_microphone *microphone = &audio->microphone;
  *info = (struct oriel_guest_audio_info){
    .inputs = audio->input_count, .has_microphone_address = audio->has_microphone};
  pthread_mutex_lock(&audio->lock);
  memcpy(info->input, audio->info, sizeof info->input);
  pthread_mutex_unlock(&audio->lock);
  pthread_mutex_lock(&microphone->lock);
  info->microphone_connected = microphone->is_connected;
  info->microphone_packets = microphone->packets;
  info->microphone_dropped = microphone->dropped;
  info->microphone_connections = microphone->connections;
  pthread_mutex_unlock(&microphone->lock);
}
