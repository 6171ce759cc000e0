/* SPDX-License-Identifier: MIT
 *
 * Ring to stream. Transport thread.
 */
#include "guest/agent/packets.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define SUBSYSTEM "agent/output"

/** `count` frames from the ring as one packet at `bytes` + ORIEL_AUDIO_LENGTH_SIZE, completed for its way: `*size`
 * bytes from the returned offset on, 0 where it failed. */
static size_t make(struct agent_packets *packets, struct oriel_ring *ring, size_t count, uint8_t *bytes,
                   size_t *size) {
  const float *stereo = packets->read;
  oriel_ring_read(ring, packets->read, count);
  if (!packets->downmix.is_plain) {
    oriel_downmix(&packets->downmix, packets->read, packets->stereo, count);
    stereo = packets->stereo;
  }
  const ssize_t coded = oriel_sound_coder_encode(&packets->coder, stereo, count, bytes + ORIEL_AUDIO_LENGTH_SIZE);
  const size_t begin = oriel_audio_sender_complete(&packets->sender, bytes, coded > 0 ? (size_t)coded : 0, size);
  if (*size == 0)
    packets->dropped++;
  return begin;
}

/** Bytes of the packet that starts at `at`, its length included. */
static size_t packet_at(const struct agent_packets *packets, size_t at) {
  return ORIEL_AUDIO_LENGTH_SIZE + ((size_t)packets->pending[at] << 8 | packets->pending[at + 1]);
}

/** Old packets that no byte was sent of give way. */
static void drop_waiting(struct agent_packets *packets) {
  size_t at = packets->packet_left;
  while (at < packets->pending_size) {
    at += packet_at(packets, at);
    packets->dropped++;
  }
  packets->pending_size = packets->packet_left;
}

/** `size` bytes from the front are sent. */
static void sent(struct agent_packets *packets, size_t size) {
  packets->bytes += size;
  size_t at = 0;
  while (at < size) {
    const size_t left = packets->packet_left != 0 ? packets->packet_left : packet_at(packets, at);
    const size_t part = left < size - at ? left : size - at;
    packets->packet_left = left - part;
    if (packets->packet_left == 0)
      packets->sent++;
    at += part;
  }
  packets->pending_size -= size;
  memmove(packets->pending, packets->pending + size, packets->pending_size);
}

/** One packet to the end of `pending`, which has room for all that a ring may hold after trimming. */
static void queue(struct agent_packets *packets, struct oriel_ring *ring, size_t count) {
  size_t size;
  assert(packets->pending_size + ORIEL_AUDIO_SENT_MAX <= packets->pending_most);
  (void)make(packets, ring, count, packets->pending + packets->pending_size, &size);
  packets->pending_size += size;
}

/** One packet as a datagram: what does not go now is lost, as datagrams are. 0; else the connection ended. */
static int send_datagram(struct agent_packets *packets, struct oriel_ring *ring, size_t count,
                         struct oriel_dialer *dialer, uint64_t now_ns) {
  uint8_t bytes[ORIEL_AUDIO_SENT_MAX];
  size_t size;
  const size_t begin = make(packets, ring, count, bytes, &size);
  if (size == 0)
    return 0;
  const ssize_t result = oriel_dialer_send(dialer, bytes + begin, size, now_ns);
  if (result < 0) {
    packets->dropped++;
    return result == -EAGAIN || result == -EMSGSIZE ? 0 : (int)result;
  }
  packets->sent++;
  packets->bytes += size;
  return 0;
}

int agent_packets_flush(struct agent_packets *packets, struct oriel_dialer *dialer, uint64_t now_ns) {
  while (packets->pending_size > 0) {
    const ssize_t result = oriel_dialer_send(dialer, packets->pending, packets->pending_size, now_ns);
    if (result == -EAGAIN) {
      if (!packets->is_stalled)
        oriel_info(SUBSYSTEM, "the host does not take sound; what is old is dropped until it does");
      packets->is_stalled = true;
      return 0;
    }
    if (result < 0)
      return (int)result;
    sent(packets, (size_t)result);
  }
  packets->is_stalled = false;
  return 0;
}

int agent_packets_send(struct agent_packets *packets, struct oriel_ring *ring, size_t level,
                       struct oriel_dialer *dialer, uint64_t now_ns) {
  if (packets->pending_size > 0)
    drop_waiting(packets);
  int error = 0;
  for (size_t count; (count = oriel_sound_coder_next(&packets->coder, level)) > 0 && error == 0; level -= count) {
    if (packets->sender.is_datagram)
      error = send_datagram(packets, ring, count, dialer, now_ns);
    else
      queue(packets, ring, count);
  }
  return error == 0 ? agent_packets_flush(packets, dialer, now_ns) : error;
}

/** Cycles of the graph are powers of two. */
static size_t nearest_power(size_t value) {
  size_t power = 1;
  while (power * 3 / 2 < value)
    power *= 2;
  return power;
}

/** Packets of PCM are as long as they may be: several of a long cycle leave together, and the time that was asked for
 * says when, in whole cycles of the graph. */
static int open_coder(struct agent_packets *packets, const struct agent_settings *settings) {
  const bool is_pcm = settings->output.address.is_pcm;
  const uint32_t frame_us = agent_end_frame_us(settings, &settings->output);
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  oriel_layout(settings->output_channels, layout);
  oriel_downmix_init(&packets->downmix, layout, settings->output_channels);
  const int error =
    oriel_sound_coder_init(&packets->coder, is_pcm, is_pcm ? UINT32_MAX : frame_us, settings->bitrate_kbps);
  const size_t frames = (size_t)((uint64_t)ORIEL_AUDIO_RATE * frame_us / 1000000);
  packets->due = is_pcm ? nearest_power(frames) : frames;
  return error;
}

int agent_packets_init(struct agent_packets *packets, const struct agent_settings *settings, size_t frames_most) {
  const struct oriel_transport_address *address = &settings->output.address;
  *packets = (struct agent_packets){
    .sender = {.is_pcm = address->is_pcm, .is_datagram = address->scheme == ORIEL_TRANSPORT_UDP}};
  const int error = open_coder(packets, settings);
  if (error < 0)
    return error;
  const size_t frames = packets->coder.frames;
  packets->read = calloc(frames * settings->output_channels, sizeof(float));
  packets->stereo = calloc(frames * ORIEL_AUDIO_CHANNELS, sizeof(float));
  /* Behind the rest of a packet sent in part. */
  packets->pending_most = ((frames_most + packets->due) / frames + 2) * ORIEL_AUDIO_SENT_MAX;
  packets->pending = malloc(packets->pending_most);
  return packets->read && packets->stereo && packets->pending ? 0 : -ENOMEM;
}

void agent_packets_finish(struct agent_packets *packets) {
  oriel_sound_coder_finish(&packets->coder);
  free(packets->pending);
  free(packets->read);
  free(packets->stereo);
}

void agent_packets_forget(struct agent_packets *packets) {
  packets->pending_size = packets->packet_left = 0;
}

int agent_packets_restart(struct agent_packets *packets) {
  agent_packets_forget(packets);
  packets->is_stalled = false;
  return oriel_sound_coder_restart(&packets->coder);
}

size_t agent_packets_tail(const struct agent_packets *packets, size_t level) {
  /* A packet of PCM leaves as soon as enough is there, and with all there is. Of Opus the ring keeps less than a
   * packet, whatever the transport thread takes meanwhile. */
  return packets->sender.is_pcm ? packets->due : oriel_sound_coder_tail(&packets->coder, level);
}

size_t agent_packets_bytes(const struct agent_packets *packets, size_t frames) {
  enum { OPUS_MOST = 400, OVERHEAD = 1024 }; /* of the kernel, a packet */
  const size_t most = packets->sender.is_pcm ? ORIEL_AUDIO_PACKET_MAX : OPUS_MOST;
  return (frames / packets->coder.frames + 1) * (most + OVERHEAD);
}
