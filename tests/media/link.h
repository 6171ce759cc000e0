/* SPDX-License-Identifier: MIT
 *
 * A sender, a path with jitter and a consumer around one receiver, in simulated time: hours pass in seconds. For
 * tests and benchmarks. One thread.
 */
#ifndef ORIEL_TESTS_MEDIA_LINK_H
#define ORIEL_TESTS_MEDIA_LINK_H

#include <math.h>
#include <stdlib.h>

#include "media/opus.h"
#include "media/receiver.h"
#include "media/receiver_impl.h"

struct link {
  struct oriel_receiver *receiver;
  struct oriel_opus_encoder *opus; /* NULL: PCM */
  uint32_t rate;
  unsigned channels;
  size_t packet, pull;             /* frames */
  double sender_ppm, consumer_ppm;
  double path_ns;                  /* each packet takes at least this */
  double jitter_ns;                /* and evenly up to this more */
  double pull_jitter_ns;           /* how late a pull is told to be */
  double due_ns;                   /* how much later than it is asked for a pull's sound is due; below 0: earlier */
  double burst_ns, burst_every_ns; /* now and then all packets wait until a burst is over; 0 = never */
  double tone_hz;                  /* 0 = noise, cheap */
  bool silent_sender;              /* makes no frames meanwhile */
  bool held;                       /* the path holds what is sent */
  double lost;                     /* share of packets that never arrive, sequence numbers tell */
  double base_ns;
  double next_send_ns, next_pull_ns, burst_until_ns, next_burst_ns, last_arrival_ns;
  uint64_t sent, sequence;         /* frames, packets */
  uint64_t random;
  struct link_packet { double at_ns; uint64_t sequence; size_t size; uint8_t data[1500]; } *flying;
  size_t first, count;
  float output[8192 * 2];
  double now_ns;
  void (*heard)(struct link *link, const float *frames, size_t count);
  void *user;
};

enum { LINK_FLYING = 4096 };

static inline double link_random(struct link *link) {
  link->random = link->random * 6364136223846793005ull + 1442695040888963407ull;
  return (double)(link->random >> 11) * 0x1p-53;
}

/* Set the fields wanted, then this. The configuration's targets in us. */
static inline int link_open(struct link *link, bool is_pcm, uint32_t target_min_us) {
  if (!link->rate)
    link->rate = 48000;
  if (!link->channels)
    link->channels = 2;
  const struct oriel_receiver_config config = {
    .is_pcm = is_pcm, .channels = link->channels, .rate = link->rate, .target_min_us = target_min_us};
  link->flying = calloc(LINK_FLYING, sizeof *link->flying);
  link->base_ns = 1e9;
  link->random = link->random * 2 + 12345;
  link->next_send_ns = link->next_pull_ns = 0;
  link->next_burst_ns = link->burst_every_ns;
  if (!is_pcm && oriel_opus_encoder_create((unsigned)(link->packet / 48), 128, &link->opus) < 0)
    return -1;
  return oriel_receiver_create(&config, &link->receiver);
}

static inline void link_close(struct link *link) {
  oriel_receiver_destroy(link->receiver);
  oriel_opus_encoder_destroy(link->opus);
  free(link->flying);
}

static inline float link_sample(const struct link *link, uint64_t frame) {
  return link->tone_hz > 0 ? (float)(0.5 * sin(2 * M_PI * fmod((double)frame * link->tone_hz / link->rate, 1.0)))
                           : (float)(frame * 2654435761u >> 16 & 1023) / 2048 - 0.25f;
}

static inline void link_send(struct link *link) {
  double period = (double)link->packet * 1e9 / link->rate / (1 + link->sender_ppm * 1e-6);
  double now = link->next_send_ns;
  link->next_send_ns += period;
  if (link->silent_sender)
    return;
  float frames[960 * 2];
  for (size_t i = 0; i < link->packet; i++)
    for (unsigned channel = 0; channel < link->channels; channel++)
      frames[i * link->channels + channel] = link_sample(link, link->sent + i);
  link->sent += link->packet;
  uint64_t sequence = link->sequence++;
  if (link->lost > 0 && link_random(link) < link->lost)
    return;
  if (link->count == LINK_FLYING)
    return;
  struct link_packet *packet = &link->flying[(link->first + link->count) % LINK_FLYING];
  packet->sequence = sequence;
  if (link->opus) {
    struct oriel_packet *coded = NULL;
    if (oriel_opus_encode(link->opus, frames, 1, &coded) < 0)
      return;
    memcpy(packet->data, coded->data, packet->size = coded->size);
    oriel_packet_unref(coded);
  } else {
    packet->size = link->packet * link->channels * sizeof(float);
    memcpy(packet->data, frames, packet->size);
  }
  if (link->burst_every_ns > 0 && now >= link->next_burst_ns) {
    link->burst_until_ns = now + link->burst_ns;
    link->next_burst_ns = now + link->burst_every_ns * (0.5 + link_random(link));
  }
  double at = now + link->path_ns + link->jitter_ns * link_random(link);
  at = fmax(fmax(at, now < link->burst_until_ns ? link->burst_until_ns : 0), link->last_arrival_ns);
  packet->at_ns = link->last_arrival_ns = at;
  link->count++;
}

/* Goes on for `seconds`. */
static inline void link_run(struct link *link, double seconds) {
  double end = link->now_ns + seconds * 1e9;
  for (;;) {
    double arrival = link->count && !link->held ? link->flying[link->first].at_ns : INFINITY;
    double next = fmin(fmin(link->next_send_ns, arrival), link->next_pull_ns);
    if (next >= end)
      break;
    link->now_ns = fmax(next, link->now_ns);
    if (next == link->next_send_ns) {
      link_send(link);
    } else if (next == arrival) {
      struct link_packet *packet = &link->flying[link->first];
      link->first = (link->first + 1) % LINK_FLYING;
      link->count--;
      oriel_receiver_push(link->receiver, packet->data, packet->size, packet->sequence,
                          (uint64_t)(link->base_ns + link->now_ns));
    } else {
      double jitter = link->pull_jitter_ns > 0 ? link->pull_jitter_ns * link_random(link) : 0;
      oriel_receiver_pull(link->receiver, link->output, link->pull, 
                          (uint64_t)(link->base_ns + link->now_ns + link->due_ns + jitter));
      link->next_pull_ns += (double)link->pull * 1e9 / link->rate / (1 + link->consumer_ppm * 1e-6);
      if (link->heard)
        link->heard(link, link->output, link->pull);
    }
  }
  link->now_ns = end;
}

/* Frames sent by now, as a line through each packet's sending, less the position read, less the target: in ms. Nothing
 * the receiver itself estimates goes in but its target. */
static inline double link_level_error_ms(const struct link *link) {
  const struct receiver_out *out = &link->receiver->out;
  double ns_per_frame = 1e9 / link->rate / (1 + link->sender_ppm * 1e-6);
  double pulled_ns = link->next_pull_ns; /* when the next pull begins, where it reads on */
  double sent = (double)link->sent + (double)link->packet - (link->next_send_ns - pulled_ns) / ns_per_frame;
  double offset = (double)link->receiver->in.sent -
                  (double)(int64_t)(receiver_ring_written(&link->receiver->ring) - RECEIVER_RING_FIRST);
  double read = (double)(out->resampler.position - RECEIVER_RING_FIRST) + out->resampler.fraction * 0x1p-32 + offset;
  return (sent - read - out->target) * 1e3 / link->rate - link->path_ns / 1e6;
}

static inline double link_drift_ppm(const struct link *link) {
  return ((1 + link->sender_ppm * 1e-6) / (1 + link->consumer_ppm * 1e-6) - 1) * 1e6;
}

#endif
