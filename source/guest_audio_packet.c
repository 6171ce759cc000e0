/* SPDX-License-Identifier: MIT
 *
 * A packet of one of guest_audio's inputs: whether it is one, what it costs, what is missing before it, what of it is
 * handed on. guest_audio's thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/opus_packet.h"
#include "source/guest_audio_impl.h"

enum {
  PCM_FRAME_SIZE = ORIEL_AUDIO_CHANNELS * 4,
  BUDGET_RATE = 2 * ORIEL_AUDIO_RATE,
  FRAMES_LEAST = 32,  /* that a packet is taken for: 3,000 packets a second are the most */
  MADE_UP_MOST = 10,  /* packets, of one gap: see media/receiver.c */
  SILENCE_MOST = 8, /* bytes: an Opus packet of no more says little else */
  STAMPS_MOST = 10 * ORIEL_AUDIO_RATE, /* frames: a longer gap of timestamps is another count */
};
static const uint64_t loss_ns = 10 * ORIEL_NS_PER_SECOND, fault_ns = 60 * ORIEL_NS_PER_SECOND; /* between two lines */

static bool afford(struct guest_audio_input *input, unsigned frames, uint64_t now_ns) {
  const uint64_t past_ns = now_ns > input->budget_ns ? now_ns - input->budget_ns : 0;
  const uint64_t most_ns = (uint64_t)GUEST_AUDIO_BUDGET_FRAMES * ORIEL_NS_PER_SECOND / BUDGET_RATE;
  const uint64_t gained = (past_ns < most_ns ? past_ns : most_ns) * BUDGET_RATE / ORIEL_NS_PER_SECOND;
  if (gained) {
    const uint64_t budget = input->budget + gained;
    input->budget = budget < GUEST_AUDIO_BUDGET_FRAMES ? budget : GUEST_AUDIO_BUDGET_FRAMES;
    input->budget_ns = now_ns;
  }
  if (input->budget < frames)
    return false;
  input->budget -= frames;
  return true;
}

static size_t frame_size(const struct guest_audio_input *input) {
  return input->declared.channels ? oriel_pcm_frame_size(&input->declared) : PCM_FRAME_SIZE;
}

/* Of a packet, as the input's own format counts them; below 0: it is none. */
static int packet_frames(const struct guest_audio_input *input, const uint8_t *packet, size_t size) {
  if (!input->counters.is_pcm)
    return oriel_opus_packet_frames(packet, size);
  return size > 0 && size % frame_size(input) == 0 ? (int)(size / frame_size(input)) : -EBADMSG;
}

static uint64_t at_our_rate(const struct guest_audio_input *input, uint64_t frames) {
  return input->declared.channels ? frames * ORIEL_AUDIO_RATE / input->declared.rate : frames;
}

/* One line when a sender turns out to send something else, and what status says of it; the same again a minute
 * later. */
static void tell_fault(struct guest_audio_input *input, uint64_t now_ns) {
  const char *fault = input->judge.fault;
  memcpy(input->counters.fault, fault, sizeof input->counters.fault);
  if (!fault[0] || (!strcmp(fault, input->said_fault) && now_ns < input->fault_said_ns + fault_ns))
    return;
  memcpy(input->said_fault, fault, sizeof input->said_fault);
  input->fault_said_ns = now_ns;
  oriel_warn("source/guest_audio", "guest sound at %s: the peer %s; it is not heard", input->link.text, fault);
}

static bool is_plausible(struct guest_audio_input *input, const uint8_t *packet, size_t size, unsigned frames,
                         uint64_t missing, uint64_t now_ns) {
  struct guest_judge *judge = &input->judge;
  bool heard = true;
  if (!input->counters.is_pcm)
    heard = guest_judge_opus(judge, packet, size, frames, input->counters.is_udp && !input->rtp.is_rtp, now_ns);
  else if (!input->declared.channels) /* what was declared is taken as it says */
    heard = guest_judge_pcm(judge, packet, size, frames + missing, now_ns);
  tell_fault(input, now_ns);
  return heard;
}

static void hand_on(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink, const void *packet,
                    size_t size, unsigned frames, uint64_t missing, uint64_t now_ns) {
  input->number++;
  sink->packet(sink->user, input->index, packet, size, frames, input->number, missing, now_ns);
}

/* PCM of a declared format, as whole packets of our own. */
static void convert(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink, const uint8_t *packet,
                    size_t size, uint64_t missing, uint64_t now_ns) {
  const float *frames = NULL;
  uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
  size_t count = 0;
  if ((!input->converter && oriel_pcm_converter_create(&input->declared, &input->converter)) ||
      oriel_pcm_convert(input->converter, packet, size, &frames, &count))
    return; /* no memory: silence */
  while (count) {
    const size_t part = count < ORIEL_AUDIO_PCM_FRAMES_MAX ? count : ORIEL_AUDIO_PCM_FRAMES_MAX;
    hand_on(input, sink, bytes, oriel_audio_write_pcm(frames, part, bytes), (unsigned)part, missing, now_ns);
    frames += part * ORIEL_AUDIO_CHANNELS;
    count -= part;
    missing = 0;
  }
}

static const char *no_packet(struct guest_audio_input *input, const uint8_t *packet, size_t size, bool plausible) {
  input->counters.bad_packets++;
  if (input->counters.is_pcm)
    return "sent a packet that is no whole number of frames";
  if (plausible)
    return NULL;
  snprintf(input->counters.fault, sizeof input->counters.fault, "sends what is no Opus%s",
           guest_judge_guess(packet, size));
  memcpy(input->judge.fault, input->counters.fault, sizeof input->judge.fault);
  return input->counters.fault;
}

/* What comes before a packet: packets that are known to be lost, and frames that are missing for that or any reason. */
struct gap {
  uint32_t lost;
  bool is_timed; /* `missing` is known; else it is what the lost ones had */
  uint64_t missing;
};

/* NULL, or why this stream cannot go on. */
static const char *take(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                        const uint8_t *packet, size_t size, const struct gap *gap, uint64_t now_ns) {
  const int frames = packet_frames(input, packet, size);
  const bool plausible = input->counters.is_pcm || oriel_opus_plausibility_take(&input->plausibility, frames);
  if (frames < 0 || !plausible)
    return no_packet(input, packet, size, plausible);
  const uint64_t missing = gap->is_timed ? gap->missing : gap->lost * at_our_rate(input, (unsigned)frames);
  input->number += gap->lost;
  /* What is made up for lost packets costs as much as sound, and a packet costs something however short it is. */
  const unsigned own = (unsigned)at_our_rate(input, (unsigned)frames);
  const unsigned made_up = gap->lost < MADE_UP_MOST ? gap->lost : MADE_UP_MOST;
  if (!afford(input, (own > FRAMES_LEAST ? own : FRAMES_LEAST) + made_up * own, now_ns)) {
    input->counters.dropped++;
    input->number++;
    return "sends faster than twice the speed of sound's own time";
  }
  input->counters.packets++;
  input->counters.bytes += size;
  if (!is_plausible(input, packet, size, (unsigned)frames, missing, now_ns))
    input->number++;
  else if (input->declared.channels)
    convert(input, sink, packet, size, missing, now_ns);
  else
    hand_on(input, sink, packet, size, (unsigned)frames, missing, now_ns);
  return NULL;
}

/* Loss goes on for as long as a network is bad: one line in ten seconds. */
static void note_loss(struct guest_audio_input *input, uint32_t lost, uint64_t now_ns) {
  input->counters.lost += lost;
  if (!lost || (input->loss_said_ns && now_ns < input->loss_said_ns + loss_ns))
    return;
  input->loss_said_ns = now_ns;
  oriel_warn("source/guest_audio", "guest sound at %s: datagrams are lost, %llu so far; what is missing is made up for",
             input->link.text, (unsigned long long)input->counters.lost);
}

bool guest_audio_packet_is_next(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                                uint32_t number, uint32_t *lost, uint64_t now_ns) {
  struct oriel_guest_audio_input *counters = &input->counters;
  const bool begun = input->replay.begun;
  counters->is_numbered = true;
  switch (replay_window_take(&input->replay, number, lost)) {
  case REPLAY_NEXT:
    note_loss(input, *lost, now_ns);
    return true;
  case REPLAY_LATE:
    counters->late++;
    return false;
  case REPLAY_DUPLICATE:
    counters->duplicates++;
    return false;
  case REPLAY_RESTART:
    if (begun)
      sink->ended(sink->user, input->index);
    return true;
  }
  return false;
}

static const char *take_foreign(struct guest_audio_input *input, unsigned type, uint64_t now_ns) {
  input->counters.bad_packets++;
  snprintf(input->judge.fault, sizeof input->judge.fault, "sends RTP of payload type %u, and no Opus in it", type);
  tell_fault(input, now_ns);
  return NULL;
}

/* Opus in RTP: its header says what is lost, and how much time lies between two packets. */
static const char *take_rtp(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                            const struct guest_rtp_packet *packet, bool is_anew, uint64_t now_ns) {
  struct gap gap = {.lost = 0};
  if (is_anew) {
    input->replay = (struct replay_window){.begun = false};
    input->is_stamped = false;
    sink->ended(sink->user, input->index);
  }
  if (!guest_audio_packet_is_next(input, sink, packet->number, &gap.lost, now_ns))
    return NULL;
  const uint32_t between = packet->timestamp - input->due_stamp;
  gap.is_timed = input->is_stamped && between <= STAMPS_MOST;
  gap.missing = gap.is_timed ? between : 0;
  const int frames = oriel_opus_packet_frames(packet->data, packet->size);
  input->due_stamp = packet->timestamp + (uint32_t)(frames > 0 ? frames : 0);
  input->is_stamped = true;
  return take(input, sink, packet->data, packet->size, &gap, now_ns);
}

/* The same Opus once more, sooner than a sender makes another packet. Silence does repeat itself: a burst of it after a
 * stall is no double. */
static bool is_double(struct guest_audio_input *input, const uint8_t *data, size_t size, uint64_t now_ns) {
  struct guest_double *last = &input->last;
  const uint64_t length_ns = (uint64_t)input->plausibility.frames * ORIEL_NS_PER_SECOND / ORIEL_AUDIO_RATE;
  if (input->counters.is_pcm || size <= SILENCE_MOST)
    return false;
  const bool doubled =
      size == last->size && now_ns < last->arrived_ns + length_ns / 8 && !memcmp(data, last->bytes, size);
  last->arrived_ns = now_ns;
  last->size = doubled ? 0 : size; /* one double of each: more of the same is a sender's own, after a stall */
  memcpy(last->bytes, data, size);
  return doubled;
}

/* A packet of Opus, bare or in RTP. */
static const char *take_opus(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                             const uint8_t *data, size_t size, uint64_t now_ns) {
  struct guest_rtp_packet packet;
  const enum guest_rtp_kind kind = guest_rtp_take(&input->rtp, data, size, &packet);
  input->counters.is_rtp = input->rtp.is_rtp;
  switch (kind) {
  case GUEST_RTP_IGNORED:
    return NULL;
  case GUEST_RTP_FOREIGN:
    return take_foreign(input, packet.type, now_ns);
  case GUEST_RTP_SOUND:
  case GUEST_RTP_NEW_STREAM:
    return take_rtp(input, sink, &packet, kind == GUEST_RTP_NEW_STREAM, now_ns);
  case GUEST_RTP_BARE:
    break;
  }
  if (input->counters.is_udp && is_double(input, data, size, now_ns)) {
    input->counters.duplicates++;
    return NULL;
  }
  return take(input, sink, data, size, &(struct gap){.lost = 0}, now_ns);
}

const char *guest_audio_packet_take(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                                    const uint8_t *packet, size_t size, uint32_t lost, uint64_t now_ns) {
  if (!input->counters.is_pcm)
    return take_opus(input, sink, packet, size, now_ns);
  return take(input, sink, packet, size, &(struct gap){.lost = lost}, now_ns);
}
