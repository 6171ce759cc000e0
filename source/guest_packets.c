/* SPDX-License-Identifier: MIT
 *
 * A packet of one of guest_audio's inputs: whether it is one, what it costs, what is missing before it, what of it is
 * handed on. guest_audio's thread.
 */
#include "source/guest_packets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

enum {
  PCM_FRAME_SIZE = ORIEL_AUDIO_CHANNELS * 4,
  BUDGET_FRAMES = 4 * ORIEL_AUDIO_RATE, /* a burst after a stall; they come back at twice the rate */
  BUDGET_RATE = 2 * ORIEL_AUDIO_RATE,
  FRAMES_LEAST = 32,  /* that a packet is taken for: 3,000 packets a second are the most */
  MADE_UP_MOST = 10,  /* packets, of one gap: see media/receiver.c */
  SILENCE_MOST = 8, /* bytes: an Opus packet of no more says little else */
  STAMPS_MOST = 10 * ORIEL_AUDIO_RATE, /* frames: a longer gap of timestamps is another count */
};
static const uint64_t loss_ns = 10 * ORIEL_NS_PER_SECOND, fault_ns = 60 * ORIEL_NS_PER_SECOND; /* between two lines */

void guest_packets_begin(struct guest_packets *packets, uint64_t now_ns) {
  packets->budget = BUDGET_FRAMES;
  packets->budget_ns = now_ns;
  packets->plausibility = (struct oriel_opus_plausibility){.penalty = 0};
  packets->judge = (struct guest_judge){.strange = 0};
  packets->rtp = (struct guest_rtp){.is_rtp = false};
  packets->is_stamped = false;
  packets->counters->is_rtp = false;
  packets->counters->fault[0] = '\0';
  guest_packets_finish(packets); /* it holds a part of the last stream's frame */
  packets->replay = (struct replay_window){.begun = false};
  packets->last.size = 0;
}

void guest_packets_finish(struct guest_packets *packets) {
  oriel_pcm_converter_destroy(packets->converter);
  packets->converter = NULL;
}

static bool afford(struct guest_packets *packets, unsigned frames, uint64_t now_ns) {
  const uint64_t past_ns = now_ns > packets->budget_ns ? now_ns - packets->budget_ns : 0;
  const uint64_t most_ns = (uint64_t)BUDGET_FRAMES * ORIEL_NS_PER_SECOND / BUDGET_RATE;
  const uint64_t gained = (past_ns < most_ns ? past_ns : most_ns) * BUDGET_RATE / ORIEL_NS_PER_SECOND;
  if (gained) {
    const uint64_t budget = packets->budget + gained;
    packets->budget = budget < BUDGET_FRAMES ? budget : BUDGET_FRAMES;
    packets->budget_ns = now_ns;
  }
  if (packets->budget < frames)
    return false;
  packets->budget -= frames;
  return true;
}

static size_t frame_size(const struct guest_packets *packets) {
  return packets->declared.channels ? oriel_pcm_frame_size(&packets->declared) : PCM_FRAME_SIZE;
}

/* Of a packet, as the input's own format counts them; below 0: it is none. */
static int packet_frames(const struct guest_packets *packets, const uint8_t *packet, size_t size) {
  if (!packets->counters->is_pcm)
    return oriel_opus_packet_frames(packet, size);
  return size > 0 && size % frame_size(packets) == 0 ? (int)(size / frame_size(packets)) : -EBADMSG;
}

static uint64_t at_our_rate(const struct guest_packets *packets, uint64_t frames) {
  return packets->declared.channels ? frames * ORIEL_AUDIO_RATE / packets->declared.rate : frames;
}

/* One line when a sender turns out to send something else, and what status says of it; the same again a minute
 * later. */
static void tell_fault(struct guest_packets *packets, uint64_t now_ns) {
  const char *fault = packets->judge.fault;
  memcpy(packets->counters->fault, fault, sizeof packets->counters->fault);
  if (!fault[0] || (!strcmp(fault, packets->said_fault) && now_ns < packets->fault_said_ns + fault_ns))
    return;
  memcpy(packets->said_fault, fault, sizeof packets->said_fault);
  packets->fault_said_ns = now_ns;
  oriel_warn("source/guest_audio", "guest sound at %s: the peer %s; it is not heard", packets->text, fault);
}

static bool is_plausible(struct guest_packets *packets, const uint8_t *packet, size_t size, unsigned frames,
                         uint64_t missing, uint64_t now_ns) {
  struct guest_judge *judge = &packets->judge;
  bool heard = true;
  if (!packets->counters->is_pcm)
    heard = guest_judge_opus(judge, packet, size, frames, packets->counters->is_udp && !packets->rtp.is_rtp, now_ns);
  else if (!packets->declared.channels) /* what was declared is taken as it says */
    heard = guest_judge_pcm(judge, packet, size, frames + missing, now_ns);
  tell_fault(packets, now_ns);
  return heard;
}

static void hand_on(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink, const void *packet,
                    size_t size, unsigned frames, uint64_t missing, uint64_t now_ns) {
  packets->number++;
  sink->packet(sink->user, packets->index, packet, size, frames, packets->number, missing, now_ns);
}

/* PCM of a declared format, as whole packets of our own. */
static void convert(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink, const uint8_t *packet,
                    size_t size, uint64_t missing, uint64_t now_ns) {
  const float *frames = NULL;
  uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
  size_t count = 0;
  if ((!packets->converter && oriel_pcm_converter_create(&packets->declared, &packets->converter)) ||
      oriel_pcm_convert(packets->converter, packet, size, &frames, &count))
    return; /* no memory: silence */
  while (count) {
    const size_t part = count < ORIEL_AUDIO_PCM_FRAMES_MAX ? count : ORIEL_AUDIO_PCM_FRAMES_MAX;
    hand_on(packets, sink, bytes, oriel_audio_write_pcm(frames, part, bytes), (unsigned)part, missing, now_ns);
    frames += part * ORIEL_AUDIO_CHANNELS;
    count -= part;
    missing = 0;
  }
}

static const char *no_packet(struct guest_packets *packets, const uint8_t *packet, size_t size, bool plausible) {
  packets->counters->bad_packets++;
  if (packets->counters->is_pcm)
    return "sent a packet that is no whole number of frames";
  if (plausible)
    return NULL;
  snprintf(packets->counters->fault, sizeof packets->counters->fault, "sends what is no Opus%s",
           guest_judge_guess(packet, size));
  memcpy(packets->judge.fault, packets->counters->fault, sizeof packets->judge.fault);
  return packets->counters->fault;
}

/* What comes before a packet: packets that are known to be lost, and frames that are missing for that or any reason. */
struct gap {
  uint32_t lost;
  bool is_timed; /* `missing` is known; else it is what the lost ones had */
  uint64_t missing;
};

/* NULL, or why this stream cannot go on. */
static const char *take(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink,
                        const uint8_t *packet, size_t size, const struct gap *gap, uint64_t now_ns) {
  const int frames = packet_frames(packets, packet, size);
  const bool plausible = packets->counters->is_pcm || oriel_opus_plausibility_take(&packets->plausibility, frames);
  if (frames < 0 || !plausible)
    return no_packet(packets, packet, size, plausible);
  const uint64_t missing = gap->is_timed ? gap->missing : gap->lost * at_our_rate(packets, (unsigned)frames);
  packets->number += gap->lost;
  /* What is made up for lost packets costs as much as sound, and a packet costs something however short it is. */
  const unsigned own = (unsigned)at_our_rate(packets, (unsigned)frames);
  const unsigned made_up = gap->lost < MADE_UP_MOST ? gap->lost : MADE_UP_MOST;
  if (!afford(packets, (own > FRAMES_LEAST ? own : FRAMES_LEAST) + made_up * own, now_ns)) {
    packets->counters->dropped++;
    packets->number++;
    return "sends faster than twice the speed of sound's own time";
  }
  packets->counters->packets++;
  packets->counters->bytes += size;
  if (!is_plausible(packets, packet, size, (unsigned)frames, missing, now_ns))
    packets->number++;
  else if (packets->declared.channels)
    convert(packets, sink, packet, size, missing, now_ns);
  else
    hand_on(packets, sink, packet, size, (unsigned)frames, missing, now_ns);
  return NULL;
}

/* Loss goes on for as long as a network is bad: one line in ten seconds. */
static void note_loss(struct guest_packets *packets, uint32_t lost, uint64_t now_ns) {
  packets->counters->lost += lost;
  if (!lost || (packets->loss_said_ns && now_ns < packets->loss_said_ns + loss_ns))
    return;
  packets->loss_said_ns = now_ns;
  oriel_warn("source/guest_audio", "guest sound at %s: datagrams are lost, %llu so far; what is missing is made up for",
             packets->text, (unsigned long long)packets->counters->lost);
}

bool guest_packets_is_next(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink,
                                uint32_t number, uint32_t *lost, uint64_t now_ns) {
  struct oriel_guest_audio_input *counters = packets->counters;
  const bool begun = packets->replay.begun;
  counters->is_numbered = true;
  switch (replay_window_take(&packets->replay, number, lost)) {
  case REPLAY_NEXT:
    note_loss(packets, *lost, now_ns);
    return true;
  case REPLAY_LATE:
    counters->late++;
    return false;
  case REPLAY_DUPLICATE:
    counters->duplicates++;
    return false;
  case REPLAY_RESTART:
    if (begun)
      sink->ended(sink->user, packets->index);
    return true;
  }
  return false;
}

static const char *take_foreign(struct guest_packets *packets, unsigned type, uint64_t now_ns) {
  packets->counters->bad_packets++;
  snprintf(packets->judge.fault, sizeof packets->judge.fault, "sends RTP of payload type %u, and no Opus in it", type);
  tell_fault(packets, now_ns);
  return NULL;
}

/* Opus in RTP: its header says what is lost, and how much time lies between two packets. */
static const char *take_rtp(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink,
                            const struct guest_rtp_packet *packet, bool is_restarted, uint64_t now_ns) {
  struct gap gap = {.lost = 0};
  if (is_restarted) {
    packets->replay = (struct replay_window){.begun = false};
    packets->is_stamped = false;
    sink->ended(sink->user, packets->index);
  }
  if (!guest_packets_is_next(packets, sink, packet->number, &gap.lost, now_ns))
    return NULL;
  const uint32_t between = packet->timestamp - packets->due_stamp;
  gap.is_timed = packets->is_stamped && between <= STAMPS_MOST;
  gap.missing = gap.is_timed ? between : 0;
  const int frames = oriel_opus_packet_frames(packet->data, packet->size);
  packets->due_stamp = packet->timestamp + (uint32_t)(frames > 0 ? frames : 0);
  packets->is_stamped = true;
  return take(packets, sink, packet->data, packet->size, &gap, now_ns);
}

/* The same Opus once more, sooner than a sender makes another packet. Silence does repeat itself: a burst of it after a
 * stall is no double. */
static bool is_double(struct guest_packets *packets, const uint8_t *data, size_t size, uint64_t now_ns) {
  struct guest_double *last = &packets->last;
  const uint64_t length_ns = (uint64_t)packets->plausibility.frames * ORIEL_NS_PER_SECOND / ORIEL_AUDIO_RATE;
  if (packets->counters->is_pcm || size <= SILENCE_MOST)
    return false;
  const bool doubled =
      size == last->size && now_ns < last->arrived_ns + length_ns / 8 && !memcmp(data, last->bytes, size);
  last->arrived_ns = now_ns;
  last->size = doubled ? 0 : size; /* one double of each: more of the same is a sender's own, after a stall */
  memcpy(last->bytes, data, size);
  return doubled;
}

/* A packet of Opus, bare or in RTP. */
static const char *take_opus(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink,
                             const uint8_t *data, size_t size, uint64_t now_ns) {
  struct guest_rtp_packet packet;
  const enum guest_rtp_kind kind = guest_rtp_take(&packets->rtp, data, size, &packet);
  packets->counters->is_rtp = packets->rtp.is_rtp;
  switch (kind) {
  case GUEST_RTP_IGNORED:
    return NULL;
  case GUEST_RTP_FOREIGN:
    return take_foreign(packets, packet.type, now_ns);
  case GUEST_RTP_SOUND:
  case GUEST_RTP_NEW_STREAM:
    return take_rtp(packets, sink, &packet, kind == GUEST_RTP_NEW_STREAM, now_ns);
  case GUEST_RTP_BARE:
    break;
  }
  if (packets->counters->is_udp && is_double(packets, data, size, now_ns)) {
    packets->counters->duplicates++;
    return NULL;
  }
  return take(packets, sink, data, size, &(struct gap){.lost = 0}, now_ns);
}

const char *guest_packets_take(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink,
                                    const uint8_t *packet, size_t size, uint32_t lost, uint64_t now_ns) {
  if (!packets->counters->is_pcm)
    return take_opus(packets, sink, packet, size, now_ns);
  return take(packets, sink, packet, size, &(struct gap){.lost = lost}, now_ns);
}
