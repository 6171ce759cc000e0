/* SPDX-License-Identifier: MIT
 *
 * Stream to receiver. Transport thread, but read: data thread.
 */
#include "guest/agent/input.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "guest/agent/failure.h"
#include "guest/agent/lock.h"
#include "media/downmix.h"
#include "media/opus_packet.h"
#include "transport/dialer.h"
#include "wire/audio.h"

#define SUBSYSTEM "agent/input"

enum {
  READ_SIZE = 16 * 1024,
  CREDIT_MOST = 64, /* bytes at once */
  PULL_MOST = 8192,
  FRAME_SIZE = ORIEL_AUDIO_CHANNELS * sizeof(float),
  WINDOW_MS = 100,  /* over which a flood is measured */
  FLOOD_FACTOR = 4, /* times the sound's own rate: what a peer that catches up may need */
  FLOOD_FLOOR = 64 * 1024, /* bytes a window that are always fine */
};

struct agent_input {
  /* Constant. */
  bool is_pcm, is_datagram;
  unsigned channels;          /* of the device; the stream is stereo */
  size_t window_bytes;
  /* Between threads. */
  struct oriel_receiver *receiver;
  atomic_bool is_wanted;      /* somebody records */
  _Atomic uint64_t pulls, real_frames; /* numbers for people */
  float *stereo;              /* data thread's: one pull */
  /* Transport thread. */
  struct oriel_dialer *dialer;
  struct oriel_audio_framer framer;
  struct oriel_opus_plausibility plausibility;
  uint64_t sequence, bad;
  size_t unpaid; /* packets that were read and not yet said to be */
  struct agent_failure failure;
  uint64_t window_ends_ns;
  size_t window_left;         /* bytes that may still come in this window */
  bool was_wanted;
  uint8_t bytes[READ_SIZE];
  pthread_mutex_t lock;       /* guards stats; the data thread never takes it */
  struct agent_input_stats stats;
};

/* ---- data thread ---- */

void agent_input_read(struct agent_input *input, float *frames, size_t count, uint64_t now_ns) {
  if (!input->receiver) {
    memset(frames, 0, count * input->channels * sizeof *frames);
    return;
  }
  const bool is_same = input->channels == ORIEL_AUDIO_CHANNELS;
  const size_t real = oriel_receiver_pull(input->receiver, is_same ? frames : input->stereo, count, now_ns);
  if (!is_same)
    oriel_upmix(input->stereo, frames, input->channels, count);
  atomic_fetch_add_explicit(&input->pulls, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&input->real_frames, real, memory_order_relaxed);
}

void agent_input_running(struct agent_input *input, bool is_running) {
  atomic_store(&input->is_wanted, is_running);
}

/* ---- transport thread ---- */

/** False: a stream that goes on like this is no Opus. */
static bool take_packet(struct agent_input *input, const uint8_t *packet, size_t size, uint64_t now_ns) {
  const bool is_wanted = atomic_load(&input->is_wanted);
  if (is_wanted && !input->was_wanted)
    oriel_receiver_reset(input->receiver); /* what an earlier recording left is old */
  input->was_wanted = is_wanted;
  if (!is_wanted) {
    input->stats.idle_packets++;
    return true;
  }
  if (oriel_receiver_push(input->receiver, packet, size, input->sequence++, now_ns) < 0 && input->bad++ == 0)
    oriel_warn(SUBSYSTEM,
               "a packet of the microphone is no Opus: replaced by silence; do both ends say the same format=?");
  return input->is_pcm || oriel_opus_plausibility_take(&input->plausibility, oriel_opus_packet_frames(packet, size));
}

/** 0, or -EBADMSG: the stream can no longer be cut into packets. */
static int take_bytes(struct agent_input *input, const uint8_t *bytes, size_t size, uint64_t now_ns) {
  while (size > 0) {
    const uint8_t *packet = NULL;
    size_t packet_size = 0;
    const int result = oriel_audio_framer_next(&input->framer, &bytes, &size, &packet, &packet_size);
    if (result < 0 || (result == 1 && input->is_pcm && packet_size % FRAME_SIZE != 0))
      return -EBADMSG;
    if (result != 1)
      continue;
    input->unpaid++;
    if (!take_packet(input, packet, packet_size, now_ns))
      return -EBADMSG;
  }
  return 0;
}

/** A flood waits in the peer's own buffers. */
static bool may_read(struct agent_input *input, uint64_t now_ns) {
  if (now_ns >= input->window_ends_ns) {
    input->window_ends_ns = now_ns + WINDOW_MS * ORIEL_NS_PER_MS;
    input->window_left = input->window_bytes;
  }
  return input->window_left > 0;
}

static void refuse(struct agent_input *input, uint64_t now_ns, const char *what) {
  input->stats.protocol_errors++;
  oriel_warn(SUBSYSTEM, "the peer sent %s: closed; is it an Oriel microphone of the same format=?", what);
  oriel_dialer_reset(input->dialer, now_ns);
}

static void take(struct agent_input *input, uint64_t now_ns) {
  while (may_read(input, now_ns)) {
    const size_t most = !input->is_datagram && input->window_left < READ_SIZE ? input->window_left : READ_SIZE;
    const ssize_t result = oriel_dialer_receive(input->dialer, input->bytes, most, now_ns);
    if (result < 0)
      return;
    input->stats.bytes += (uint64_t)result;
    input->window_left -= (size_t)result < input->window_left ? (size_t)result : input->window_left;
    if (input->window_left == 0)
      input->stats.throttled++;
    if (input->is_datagram) {
      if (result >= 1 && result <= ORIEL_AUDIO_PACKET_MAX)
        (void)take_packet(input, input->bytes, (size_t)result, now_ns);
    } else if (take_bytes(input, input->bytes, (size_t)result, now_ns) < 0) {
      refuse(input, now_ns, "a packet of 0 or more than 1500 bytes, no whole frames of PCM, or no Opus");
      return;
    }
    if ((size_t)result < most && !input->is_datagram)
      return; /* that was all */
  }
}

/** Says how many packets were read, so that the host keeps none for us while we sleep. What finds no room is said
 *  later. */
static void give_credit(struct agent_input *input, uint64_t now_ns) {
  uint8_t bytes[CREDIT_MOST];
  memset(bytes, ORIEL_AUDIO_CREDIT, sizeof bytes);
  while (input->unpaid > 0) {
    const size_t most = input->unpaid < sizeof bytes ? input->unpaid : sizeof bytes;
    const ssize_t sent = oriel_dialer_send(input->dialer, bytes, most, now_ns);
    if (sent <= 0)
      return;
    input->unpaid -= (size_t)sent;
  }
}

static void follow(struct agent_input *input, enum oriel_stream_state state) {
  const bool is_connected = state == ORIEL_STREAM_CONNECTED;
  if (is_connected != input->stats.is_connected)
    input->framer.have = input->framer.due_ns = 0; /* also at the end: nothing is due on a connection that is over */
  if (is_connected && !input->stats.is_connected) {
    input->plausibility = (struct oriel_opus_plausibility){0};
    input->bad = 0;
    input->unpaid = 0;
    oriel_receiver_reset(input->receiver);
    input->stats.connections++;
    agent_failure_connected(&input->failure);
    oriel_info(SUBSYSTEM, "connected: the microphone can come in");
  }
  input->stats.is_connected = is_connected;
  const char *why = NULL;
  input->stats.failures = oriel_dialer_failures(input->dialer, &why);
  input->stats.why = why;
  if ((why = agent_failure_news(&input->failure, input->stats.failures, why)))
    oriel_info(SUBSYSTEM, "not connected (%llu): %s", (unsigned long long)input->stats.failures, why);
}

static void earlier(int *timeout_ms, int due_ms) {
  if (due_ms >= 0 && (*timeout_ms < 0 || due_ms < *timeout_ms))
    *timeout_ms = due_ms;
}

/** Until when a packet that has begun must have ended; -1 = none has. */
static int inside_left_ms(const struct agent_input *input, uint64_t now_ns) {
  const uint64_t due_ns = input->framer.due_ns;
  return due_ns == 0 ? -1 : now_ns >= due_ns ? 0 : (int)((due_ns - now_ns) / ORIEL_NS_PER_MS) + 1;
}

size_t agent_input_poll(struct agent_input *input, struct pollfd *polled, int *timeout_ms, uint64_t now_ns) {
  if (!input->dialer)
    return 0;
  earlier(timeout_ms, oriel_dialer_timeout_ms(input->dialer, now_ns));
  earlier(timeout_ms, inside_left_ms(input, now_ns));
  const int fd = oriel_dialer_fd(input->dialer);
  if (fd < 0)
    return 0;
  if (oriel_dialer_state(input->dialer) == ORIEL_STREAM_CONNECTED && !may_read(input, now_ns)) {
    earlier(timeout_ms, (int)((input->window_ends_ns - now_ns) / ORIEL_NS_PER_MS) + 1);
    return 0;
  }
  polled[0] = (struct pollfd){.fd = fd, .events = oriel_dialer_events(input->dialer, false)};
  return 1;
}

void agent_input_step(struct agent_input *input, const struct pollfd *polled, size_t count, uint64_t now_ns) {
  if (!input->dialer)
    return;
  const short revents = count > 0 ? polled[0].revents : 0;
  const bool is_due = inside_left_ms(input, now_ns) == 0;
  if (revents == 0 && !is_due && oriel_dialer_state(input->dialer) == ORIEL_STREAM_CONNECTED)
    return;
  pthread_mutex_lock(&input->lock);
  follow(input, oriel_dialer_step(input->dialer, revents, now_ns));
  if (input->stats.is_connected) {
    take(input, now_ns);
    if (!input->is_datagram)
      give_credit(input, now_ns);
    if (oriel_audio_framer_is_lost(&input->framer, now_ns))
      refuse(input, now_ns, "the beginning of a packet and not its end for a second");
    follow(input, oriel_dialer_state(input->dialer));
  }
  pthread_mutex_unlock(&input->lock);
}

void agent_input_stats(struct agent_input *input, struct agent_input_stats *stats) {
  pthread_mutex_lock(&input->lock);
  *stats = input->stats;
  pthread_mutex_unlock(&input->lock);
  stats->pulls = atomic_load_explicit(&input->pulls, memory_order_relaxed);
  stats->real_frames = atomic_load_explicit(&input->real_frames, memory_order_relaxed);
  if (input->receiver)
    oriel_receiver_stats(input->receiver, &stats->receiver);
}

/* ---- life ---- */

int agent_input_create(const struct agent_settings *settings, struct agent_input **input) {
  struct agent_input *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  agent_lock_init(&made->lock);
  const struct oriel_transport_address *address = &settings->input.address;
  made->is_pcm = address->is_pcm;
  made->is_datagram = address->scheme == ORIEL_TRANSPORT_UDP;
  made->channels = settings->input_channels;
  const size_t window =
    (size_t)ORIEL_AUDIO_RATE * ORIEL_AUDIO_CHANNELS * sizeof(float) / 1000 * WINDOW_MS * FLOOD_FACTOR;
  made->window_bytes = made->is_pcm && window > FLOOD_FLOOR ? window : FLOOD_FLOOR;
  int error = 0;
  if (settings->input.is_on) {
    made->stereo = calloc((size_t)PULL_MOST * ORIEL_AUDIO_CHANNELS, sizeof(float));
    const struct oriel_receiver_config config = {.is_pcm = made->is_pcm, .channels = ORIEL_AUDIO_CHANNELS,
                                                 .rate = ORIEL_AUDIO_RATE};
    error = !made->stereo ? -ENOMEM : oriel_receiver_create(&config, &made->receiver);
    if (error == 0)
      error = oriel_dialer_create(address, &made->dialer);
  }
  if (error < 0)
    agent_input_destroy(made);
  else
    *input = made;
  return error;
}

void agent_input_destroy(struct agent_input *input) {
  if (!input)
    return;
  oriel_dialer_destroy(input->dialer);
  oriel_receiver_destroy(input->receiver);
  free(input->stereo);
  pthread_mutex_destroy(&input->lock);
  free(input);
}
