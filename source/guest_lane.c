/* SPDX-License-Identifier: MIT
 *
 * A lane of guest_audio: bytes or datagrams to packets, and what is not tolerated. guest_audio's thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/opus_packet.h"
#include "source/guest_audio_impl.h"

enum {
  READ_SIZE = 16384,
  READS_MAX = 4,      /* in a turn: a flood on one lane does not keep the others waiting */
  DATAGRAMS_MAX = 64, /* in a turn */
  PCM_FRAME_SIZE = ORIEL_AUDIO_CHANNELS * 4,
  BUDGET_FRAMES = 4 * ORIEL_AUDIO_RATE, /* a burst after a stall; the rate is twice that of sound */
  BUDGET_RATE = 2 * ORIEL_AUDIO_RATE,
  FRAMES_LEAST = 32,  /* that a packet is taken for: 3,000 packets a second are the most */
  MADE_UP_MOST = 10,  /* packets, of one gap: see media/receiver.c */
  SILENCE_MOST = 8, /* bytes: an Opus packet of no more says little else */
  STAMPS_MOST = 10 * ORIEL_AUDIO_RATE, /* frames: a longer gap of timestamps is another count */
};
static const uint64_t sender_ns =
    ORIEL_NS_PER_SECOND; /* another sender is heard once the one before was quiet so long */
static const uint64_t complaint_ns = ORIEL_NS_PER_SECOND; /* between two lines about one lane */
static const uint64_t loss_ns = 10 * ORIEL_NS_PER_SECOND, fault_ns = 60 * ORIEL_NS_PER_SECOND;

/* What an address says of PCM that is not 48 kHz, float32 little-endian: it is converted here. */
static void declare(struct guest_lane *lane) {
  const struct oriel_transport_address *address = &lane->link.address;
  if (!address->is_pcm || (!address->rate && address->sample == ORIEL_TRANSPORT_F32LE))
    return;
  const bool is_float = address->sample == ORIEL_TRANSPORT_F32LE || address->sample == ORIEL_TRANSPORT_F32BE;
  lane->declared = (struct oriel_pcm_format){
    .bits = is_float ? 32 : 16, .is_signed = true, .is_float = is_float,
    .big_endian = address->sample == ORIEL_TRANSPORT_F32BE || address->sample == ORIEL_TRANSPORT_S16BE,
    .rate = address->rate ? address->rate : ORIEL_AUDIO_RATE, .channels = ORIEL_AUDIO_CHANNELS,
  };
}

int guest_lane_open(struct guest_lane *lane, unsigned index, const char *address, bool dial_unix, char *why,
                    size_t why_size) {
  *lane = (struct guest_lane){.index = index};
  const int result = guest_link_open(&lane->link, address, dial_unix, why, why_size);
  lane->counters.is_udp = lane->link.address.scheme == ORIEL_TRANSPORT_UDP;
  lane->counters.is_pcm = lane->link.address.is_pcm;
  declare(lane);
  snprintf(lane->counters.address, sizeof lane->counters.address, "%s", address);
  return result;
}

void guest_lane_finish(struct guest_lane *lane) {
  oriel_pcm_converter_destroy(lane->converter);
  lane->converter = NULL;
  guest_link_finish(&lane->link);
}

/* One line about this lane, at most one a second. */
static void complain(struct guest_lane *lane, uint64_t now_ns, const char *format, ...)
  __attribute__((format(printf, 3, 4)));
static void complain(struct guest_lane *lane, uint64_t now_ns, const char *format, ...) {
  char what[200], more[48] = "";
  if (lane->complained_ns && now_ns < lane->complained_ns + complaint_ns) {
    lane->unsaid++;
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (lane->unsaid)
    snprintf(more, sizeof more, " (and %llu times before)", (unsigned long long)lane->unsaid);
  oriel_warn("source/guest_audio", "guest sound at %s: %s%s", lane->link.text, what, more);
  lane->complained_ns = now_ns;
  lane->unsaid = 0;
}

static void begin(struct guest_lane *lane, uint64_t now_ns) {
  lane->connection = lane->link.connections;
  lane->budget = BUDGET_FRAMES;
  lane->budget_ns = now_ns;
  lane->trust = (struct oriel_opus_trust){.doubt = 0};
  lane->judge = (struct guest_judge){.strange = 0};
  lane->rtp = (struct guest_rtp){.is_rtp = false};
  lane->is_stamped = false;
  lane->counters.is_rtp = false;
  lane->counters.fault[0] = '\0';
  oriel_pcm_converter_destroy(lane->converter); /* it holds a part of the last stream's frame */
  lane->converter = NULL;
  lane->replay = (struct replay_window){.begun = false};
  lane->last.size = 0;
  lane->counters.connections++;
}

static void end(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink) {
  if (!lane->connection)
    return;
  lane->connection = 0;
  lane->framer.have = lane->framer.due_ns = 0; /* nothing is due on a connection that is over */
  sink->ended(sink->user, lane->index);
}

/* For what the peer sent. */
static void refuse(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, uint64_t now_ns,
                   const char *why) {
  complain(lane, now_ns, "the peer %s; its connection is closed", why);
  lane->counters.closed_by_us++;
  guest_link_drop(&lane->link, now_ns);
  end(lane, sink);
}

static bool afford(struct guest_lane *lane, unsigned frames, uint64_t now_ns) {
  const uint64_t past_ns = now_ns > lane->budget_ns ? now_ns - lane->budget_ns : 0;
  const uint64_t most_ns = (uint64_t)BUDGET_FRAMES * ORIEL_NS_PER_SECOND / BUDGET_RATE;
  const uint64_t gained = (past_ns < most_ns ? past_ns : most_ns) * BUDGET_RATE / ORIEL_NS_PER_SECOND;
  if (gained) {
    lane->budget = lane->budget + gained < BUDGET_FRAMES ? lane->budget + gained : BUDGET_FRAMES;
    lane->budget_ns = now_ns;
  }
  if (lane->budget < frames)
    return false;
  lane->budget -= frames;
  return true;
}

static size_t frame_size(const struct guest_lane *lane) {
  return lane->declared.channels ? oriel_pcm_frame_size(&lane->declared) : PCM_FRAME_SIZE;
}

/* Of a packet, as the lane's own format counts them; below 0: it is none. */
static int packet_frames(const struct guest_lane *lane, const uint8_t *packet, size_t size) {
  if (!lane->counters.is_pcm)
    return oriel_opus_packet_frames(packet, size);
  return size > 0 && size % frame_size(lane) == 0 ? (int)(size / frame_size(lane)) : -EBADMSG;
}

static uint64_t at_our_rate(const struct guest_lane *lane, uint64_t frames) {
  return lane->declared.channels ? frames * ORIEL_AUDIO_RATE / lane->declared.rate : frames;
}

/* One line when a sender turns out to send something else, and what status says of it; the same again a minute
 * later. */
static void tell_fault(struct guest_lane *lane, uint64_t now_ns) {
  const char *fault = lane->judge.fault;
  memcpy(lane->counters.fault, fault, sizeof lane->counters.fault);
  if (!fault[0] || (!strcmp(fault, lane->said_fault) && now_ns < lane->fault_said_ns + fault_ns))
    return;
  memcpy(lane->said_fault, fault, sizeof lane->said_fault);
  lane->fault_said_ns = now_ns;
  oriel_warn("source/guest_audio", "guest sound at %s: the peer %s; it is not heard", lane->link.text, fault);
}

static bool is_plausible(struct guest_lane *lane, const uint8_t *packet, size_t size, unsigned frames,
                         uint64_t missing, uint64_t now_ns) {
  struct guest_judge *judge = &lane->judge;
  bool heard = true;
  if (!lane->counters.is_pcm)
    heard = guest_judge_opus(judge, packet, size, frames, lane->counters.is_udp && !lane->rtp.is_rtp, now_ns);
  else if (!lane->declared.channels) /* what was declared is taken as it says */
    heard = guest_judge_pcm(judge, packet, size, frames + missing, now_ns);
  tell_fault(lane, now_ns);
  return heard;
}

static void hand_on(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const void *packet, size_t size,
                    unsigned frames, uint64_t missing, uint64_t now_ns) {
  lane->number++;
  sink->packet(sink->user, lane->index, packet, size, frames, lane->number, missing, now_ns);
}

/* PCM of a declared format, as whole packets of our own. */
static void convert(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const uint8_t *packet,
                    size_t size, uint64_t missing, uint64_t now_ns) {
  const float *frames = NULL;
  uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
  size_t count = 0;
  if ((!lane->converter && oriel_pcm_converter_create(&lane->declared, &lane->converter)) ||
      oriel_pcm_convert(lane->converter, packet, size, &frames, &count))
    return; /* no memory: silence */
  while (count) {
    const size_t part = count < ORIEL_AUDIO_PCM_FRAMES_MAX ? count : ORIEL_AUDIO_PCM_FRAMES_MAX;
    hand_on(lane, sink, bytes, oriel_audio_write_pcm(frames, part, bytes), (unsigned)part, missing, now_ns);
    frames += part * ORIEL_AUDIO_CHANNELS;
    count -= part;
    missing = 0;
  }
}

static const char *no_packet(struct guest_lane *lane, const uint8_t *packet, size_t size, bool trusted) {
  lane->counters.bad_packets++;
  if (lane->counters.is_pcm)
    return "sent a packet that is no whole number of frames";
  if (trusted)
    return NULL;
  snprintf(lane->counters.fault, sizeof lane->counters.fault, "sends what is no Opus%s",
           guest_judge_guess(packet, size));
  memcpy(lane->judge.fault, lane->counters.fault, sizeof lane->judge.fault);
  return lane->counters.fault;
}

/* What comes before a packet: packets that are known to be lost, and frames that are missing for that or any reason. */
struct gap {
  uint32_t lost;
  bool is_timed; /* `missing` is known; else it is what the lost ones had */
  uint64_t missing;
};

/* NULL, or why this stream cannot go on. */
static const char *take(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const uint8_t *packet,
                        size_t size, const struct gap *gap, uint64_t now_ns) {
  const int frames = packet_frames(lane, packet, size);
  const bool trusted = lane->counters.is_pcm || oriel_opus_trust_take(&lane->trust, frames);
  if (frames < 0 || !trusted)
    return no_packet(lane, packet, size, trusted);
  const uint64_t missing = gap->is_timed ? gap->missing : gap->lost * at_our_rate(lane, (unsigned)frames);
  lane->number += gap->lost;
  /* What is made up for lost packets costs as much as sound, and a packet costs something however short it is. */
  const unsigned own = (unsigned)at_our_rate(lane, (unsigned)frames);
  const unsigned made_up = gap->lost < MADE_UP_MOST ? gap->lost : MADE_UP_MOST;
  if (!afford(lane, (own > FRAMES_LEAST ? own : FRAMES_LEAST) + made_up * own, now_ns)) {
    lane->counters.dropped++;
    lane->number++;
    return "sends faster than twice the speed of sound's own time";
  }
  lane->counters.packets++;
  lane->counters.bytes += size;
  if (!is_plausible(lane, packet, size, (unsigned)frames, missing, now_ns))
    lane->number++;
  else if (lane->declared.channels)
    convert(lane, sink, packet, size, missing, now_ns);
  else
    hand_on(lane, sink, packet, size, (unsigned)frames, missing, now_ns);
  return NULL;
}

/* Loss goes on for as long as a network is bad: one line in ten seconds. */
static void note_loss(struct guest_lane *lane, uint32_t lost, uint64_t now_ns) {
  lane->counters.lost += lost;
  if (!lost || (lane->loss_said_ns && now_ns < lane->loss_said_ns + loss_ns))
    return;
  lane->loss_said_ns = now_ns;
  oriel_warn("source/guest_audio", "guest sound at %s: datagrams are lost, %llu so far; what is missing is made up for",
             lane->link.text, (unsigned long long)lane->counters.lost);
}

/* Whether a datagram with a number is to be heard, and how many before it are missing. */
static bool is_next(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, uint32_t number, uint32_t *lost,
                    uint64_t now_ns) {
  struct oriel_guest_audio_lane *counters = &lane->counters;
  const bool begun = lane->replay.begun;
  counters->is_numbered = true;
  switch (replay_window_take(&lane->replay, number, lost)) {
  case REPLAY_NEXT:
    note_loss(lane, *lost, now_ns);
    return true;
  case REPLAY_LATE:
    counters->late++;
    return false;
  case REPLAY_DUPLICATE:
    counters->duplicates++;
    return false;
  case REPLAY_RESTART:
    if (begun)
      sink->ended(sink->user, lane->index);
    return true;
  }
  return false;
}

static const char *take_foreign(struct guest_lane *lane, unsigned type, uint64_t now_ns) {
  lane->counters.bad_packets++;
  snprintf(lane->judge.fault, sizeof lane->judge.fault, "sends RTP of payload type %u, and no Opus in it", type);
  tell_fault(lane, now_ns);
  return NULL;
}

/* Opus in RTP: its header says what is lost, and how much time lies between two packets. */
static const char *take_rtp(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink,
                            const struct guest_rtp_packet *packet, bool is_anew, uint64_t now_ns) {
  struct gap gap = {.lost = 0};
  if (is_anew) {
    lane->replay = (struct replay_window){.begun = false};
    lane->is_stamped = false;
    sink->ended(sink->user, lane->index);
  }
  if (!is_next(lane, sink, packet->number, &gap.lost, now_ns))
    return NULL;
  const uint32_t between = packet->timestamp - lane->due_stamp;
  gap.is_timed = lane->is_stamped && between <= STAMPS_MOST;
  gap.missing = gap.is_timed ? between : 0;
  const int frames = oriel_opus_packet_frames(packet->data, packet->size);
  lane->due_stamp = packet->timestamp + (uint32_t)(frames > 0 ? frames : 0);
  lane->is_stamped = true;
  return take(lane, sink, packet->data, packet->size, &gap, now_ns);
}

/* The same Opus once more, sooner than a sender makes another packet. Silence does repeat itself: a burst of it after a
 * stall is no double. */
static bool is_double(struct guest_lane *lane, const uint8_t *data, size_t size, uint64_t now_ns) {
  struct guest_double *last = &lane->last;
  const uint64_t length_ns = (uint64_t)lane->trust.frames * ORIEL_NS_PER_SECOND / ORIEL_AUDIO_RATE;
  if (lane->counters.is_pcm || size <= SILENCE_MOST)
    return false;
  const bool doubled =
      size == last->size && now_ns < last->arrived_ns + length_ns / 8 && !memcmp(data, last->bytes, size);
  last->arrived_ns = now_ns;
  last->size = doubled ? 0 : size; /* one double of each: more of the same is a sender's own, after a stall */
  memcpy(last->bytes, data, size);
  return doubled;
}

static const struct gap no_gap = {.lost = 0};

/* A packet of Opus, bare or in RTP. */
static const char *take_opus(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const uint8_t *data,
                             size_t size, uint64_t now_ns) {
  struct guest_rtp_packet packet;
  const enum guest_rtp_kind kind = guest_rtp_take(&lane->rtp, data, size, &packet);
  lane->counters.is_rtp = lane->rtp.is_rtp;
  switch (kind) {
  case GUEST_RTP_IGNORED:
    return NULL;
  case GUEST_RTP_FOREIGN:
    return take_foreign(lane, packet.type, now_ns);
  case GUEST_RTP_SOUND:
  case GUEST_RTP_ANEW:
    return take_rtp(lane, sink, &packet, kind == GUEST_RTP_ANEW, now_ns);
  case GUEST_RTP_BARE:
    break;
  }
  if (lane->counters.is_udp && is_double(lane, data, size, now_ns)) {
    lane->counters.duplicates++;
    return NULL;
  }
  return take(lane, sink, data, size, &no_gap, now_ns);
}

static const char *cut(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const uint8_t *data,
                       size_t size, uint64_t now_ns) {
  const uint8_t *packet;
  size_t packet_size;
  int found;
  while ((found = oriel_audio_framer_next(&lane->framer, &data, &size, &packet, &packet_size)) == 1) {
    const char *why = lane->counters.is_pcm ? take(lane, sink, packet, packet_size, &no_gap, now_ns)
                                            : take_opus(lane, sink, packet, packet_size, now_ns);
    if (why)
      return why;
  }
  if (found < 0) {
    lane->counters.bad_packets++;
    return "sent a packet of 0 or more than 1500 bytes";
  }
  return NULL;
}

static void step_stream(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, uint64_t now_ns) {
  uint8_t data[READ_SIZE];
  for (int turn = 0; turn < READS_MAX && lane->link.is_connected; turn++) {
    const ssize_t got = guest_link_receive(&lane->link, data, sizeof data, now_ns);
    if (got < 0)
      break;
    const char *why = cut(lane, sink, data, (size_t)got, now_ns);
    if (why) {
      refuse(lane, sink, now_ns, why);
      return;
    }
  }
  if (!lane->link.is_connected)
    end(lane, sink);
  else if (oriel_audio_framer_is_lost(&lane->framer, now_ns)) {
    lane->counters.bad_packets++;
    refuse(lane, sink, now_ns, "began a packet a second ago and has not ended it");
  }
}

/* Two senders in one lane would be mixed packet by packet: the first is heard until it falls quiet. */
static bool is_sender(struct guest_lane *lane, const struct sockaddr_storage *from, socklen_t size, uint64_t now_ns,
                      const struct oriel_guest_audio_sink *sink) {
  if (size == lane->sender_size && !memcmp(from, &lane->sender, size))
    return true;
  if (lane->heard_ns && now_ns < lane->heard_ns + sender_ns)
    return false;
  end(lane, sink);
  memcpy(&lane->sender, from, sizeof lane->sender);
  lane->sender_size = size;
  begin(lane, now_ns);
  return true;
}

static void take_datagram(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const uint8_t *data,
                          size_t size, uint64_t now_ns) {
  struct gap gap = {.lost = 0};
  uint32_t number;
  if (!size || size > ORIEL_AUDIO_PACKET_MAX) {
    lane->counters.bad_packets++;
    complain(lane, now_ns, "the peer sent a packet of 0 or more than 1500 bytes; that is dropped");
    return;
  }
  /* Only our own PCM has numbers behind it. */
  if (lane->counters.is_pcm && !lane->declared.channels && oriel_audio_cut_number(data, &size, &number) &&
      !is_next(lane, sink, number, &gap.lost, now_ns))
    return;
  const uint64_t packets = lane->counters.packets;
  const char *why = lane->counters.is_pcm ? take(lane, sink, data, size, &gap, now_ns)
                                          : take_opus(lane, sink, data, size, now_ns);
  if (why)
    complain(lane, now_ns, "the peer %s; that is dropped", why);
  if (lane->counters.packets != packets)
    lane->heard_ns = now_ns; /* garbage does not keep others out */
}

static void step_datagrams(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, uint64_t now_ns) {
  uint8_t data[ORIEL_AUDIO_PACKET_MAX + 1];
  for (int turn = 0; turn < DATAGRAMS_MAX && lane->link.fd >= 0; turn++) {
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(lane->link.fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (got < 0)
      return;
    if (is_sender(lane, &from, size, now_ns, sink)) {
      take_datagram(lane, sink, data, (size_t)got, now_ns);
    } else {
      lane->counters.dropped++;
      complain(lane, now_ns, "a second peer sends there; the first is heard until it is quiet for a second");
    }
  }
}

void guest_lane_step(struct guest_lane *lane, const struct oriel_guest_audio_sink *sink, const struct pollfd *polls,
                     uint64_t now_ns) {
  const uint64_t connections = lane->link.connections;
  guest_link_step(&lane->link, polls, now_ns);
  if (lane->counters.is_udp) {
    step_datagrams(lane, sink, now_ns);
    lane->counters.connected = lane->heard_ns && now_ns < lane->heard_ns + sender_ns;
    return;
  }
  if (lane->link.connections != connections) {
    end(lane, sink);
    begin(lane, now_ns);
    oriel_debug("source/guest_audio", "guest sound at %s: connected", lane->link.text);
  }
  if (lane->link.is_connected)
    step_stream(lane, sink, now_ns);
  else
    end(lane, sink);
  lane->counters.connected = lane->link.is_connected;
}

int guest_lane_timeout_ms(const struct guest_lane *lane, uint64_t now_ns) {
  int timeout_ms = guest_link_timeout_ms(&lane->link, now_ns);
  uint64_t due_ns = lane->framer.due_ns;
  if (lane->counters.is_udp && lane->counters.connected)
    due_ns = lane->heard_ns + sender_ns; /* so that it counts as gone then */
  if (!due_ns)
    return timeout_ms;
  const int wait_ms = due_ns > now_ns ? (int)((due_ns - now_ns) / ORIEL_NS_PER_MS) + 1 : 0;
  return timeout_ms < 0 || wait_ms < timeout_ms ? wait_ms : timeout_ms;
}
