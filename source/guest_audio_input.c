/* SPDX-License-Identifier: MIT
 *
 * An input of guest_audio: who is listened to, and bytes or datagrams to packets. guest_audio's thread.
 */
#include "source/guest_audio_input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

enum {
  READ_SIZE = 16384,
  READS_MAX = 4,      /* in a turn: a flood on one input does not keep the others waiting */
  DATAGRAMS_MAX = 64, /* in a turn */
};
static const uint64_t sender_ns = ORIEL_NS_PER_SECOND; /* so long the last one is silent before another is heard */
static const uint64_t complaint_ns = ORIEL_NS_PER_SECOND; /* between two lines about one input */

/* What an address says of PCM that is not 48 kHz, float32 little-endian: it is converted here. */
static void declare(struct guest_audio_input *input) {
  const struct oriel_transport_address *address = &input->link.address;
  if (!address->is_pcm || (!address->rate && address->sample == ORIEL_TRANSPORT_F32LE))
    return;
  const bool is_float = address->sample == ORIEL_TRANSPORT_F32LE || address->sample == ORIEL_TRANSPORT_F32BE;
  input->packets.declared = (struct oriel_pcm_format){
    .bits = is_float ? 32 : 16, .is_signed = true, .is_float = is_float,
    .big_endian = address->sample == ORIEL_TRANSPORT_F32BE || address->sample == ORIEL_TRANSPORT_S16BE,
    .rate = address->rate ? address->rate : ORIEL_AUDIO_RATE, .channels = ORIEL_AUDIO_CHANNELS,
  };
}

int guest_audio_input_open(struct guest_audio_input *input, unsigned index, const char *address, bool dial_unix,
                           char *why, size_t why_size) {
  *input = (struct guest_audio_input){
    .packets = {.index = index, .text = input->link.text, .counters = &input->counters}};
  const int error = guest_link_open(&input->link, address, dial_unix, why, why_size);
  input->counters.is_udp = input->link.address.scheme == ORIEL_TRANSPORT_UDP;
  input->counters.is_pcm = input->link.address.is_pcm;
  declare(input);
  snprintf(input->counters.address, sizeof input->counters.address, "%s", address);
  return error;
}

void guest_audio_input_finish(struct guest_audio_input *input) {
  guest_packets_finish(&input->packets);
  guest_link_finish(&input->link);
}

/* One line about this input, at most one a second. */
static void complain(struct guest_audio_input *input, uint64_t now_ns, const char *format, ...)
  __attribute__((format(printf, 3, 4)));
static void complain(struct guest_audio_input *input, uint64_t now_ns, const char *format, ...) {
  char what[200], more[48] = "";
  if (input->complained_ns && now_ns < input->complained_ns + complaint_ns) {
    input->unsaid++;
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (input->unsaid)
    snprintf(more, sizeof more, " (and %llu times before)", (unsigned long long)input->unsaid);
  oriel_warn("source/guest_audio", "guest sound at %s: %s%s", input->link.text, what, more);
  input->complained_ns = now_ns;
  input->unsaid = 0;
}

static void begin(struct guest_audio_input *input, uint64_t now_ns) {
  input->connection = input->link.connections;
  guest_packets_begin(&input->packets, now_ns);
  input->counters.connections++;
}

static void end(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink) {
  if (!input->connection)
    return;
  input->connection = 0;
  input->framer.have = input->framer.due_ns = 0; /* nothing is due on a connection that is over */
  sink->ended(sink->user, input->packets.index);
}

/* For what the peer sent. */
static void refuse(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink, uint64_t now_ns,
                   const char *why) {
  complain(input, now_ns, "the peer %s; its connection is closed", why);
  input->counters.closed_by_us++;
  guest_link_drop(&input->link, now_ns);
  end(input, sink);
}

static const char *cut(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink, const uint8_t *data,
                       size_t size, uint64_t now_ns) {
  const uint8_t *packet;
  size_t packet_size;
  int found;
  while ((found = oriel_audio_framer_next(&input->framer, &data, &size, &packet, &packet_size)) == 1) {
    const char *why = guest_packets_take(&input->packets, sink, packet, packet_size, 0, now_ns);
    if (why)
      return why;
  }
  if (found < 0) {
    input->counters.bad_packets++;
    return "sent a packet of 0 or more than 1500 bytes";
  }
  return NULL;
}

static void step_stream(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink, uint64_t now_ns) {
  uint8_t data[READ_SIZE];
  for (int turn = 0; turn < READS_MAX && input->link.is_connected; turn++) {
    const ssize_t got = guest_link_receive(&input->link, data, sizeof data, now_ns);
    if (got < 0)
      break;
    const char *why = cut(input, sink, data, (size_t)got, now_ns);
    if (why) {
      refuse(input, sink, now_ns, why);
      return;
    }
  }
  if (!input->link.is_connected)
    end(input, sink);
  else if (oriel_audio_framer_is_lost(&input->framer, now_ns)) {
    input->counters.bad_packets++;
    refuse(input, sink, now_ns, "began a packet a second ago and has not ended it");
  }
}

/* Two senders in one input would be mixed packet by packet: the first is heard until it falls quiet. */
static bool is_sender(struct guest_audio_input *input, const struct sockaddr_storage *from, socklen_t size,
                      uint64_t now_ns, const struct oriel_guest_audio_sink *sink) {
  if (size == input->sender_size && !memcmp(from, &input->sender, size))
    return true;
  if (input->heard_ns && now_ns < input->heard_ns + sender_ns)
    return false;
  end(input, sink);
  memcpy(&input->sender, from, sizeof input->sender);
  input->sender_size = size;
  begin(input, now_ns);
  return true;
}

static void take_datagram(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                          const uint8_t *data, size_t size, uint64_t now_ns) {
  uint32_t number, lost = 0;
  if (!size || size > ORIEL_AUDIO_PACKET_MAX) {
    input->counters.bad_packets++;
    complain(input, now_ns, "the peer sent a packet of 0 or more than 1500 bytes; that is dropped");
    return;
  }
  /* Only our own PCM has numbers behind it. */
  if (input->counters.is_pcm && !input->packets.declared.channels && oriel_audio_cut_number(data, &size, &number) &&
      !guest_packets_is_next(&input->packets, sink, number, &lost, now_ns))
    return;
  const uint64_t packets = input->counters.packets;
  const char *why = guest_packets_take(&input->packets, sink, data, size, lost, now_ns);
  if (why)
    complain(input, now_ns, "the peer %s; that is dropped", why);
  if (input->counters.packets != packets)
    input->heard_ns = now_ns; /* garbage does not keep others out */
}

static void step_datagrams(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                           uint64_t now_ns) {
  uint8_t data[ORIEL_AUDIO_PACKET_MAX + 1];
  for (int turn = 0; turn < DATAGRAMS_MAX && input->link.fd >= 0; turn++) {
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(input->link.fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (got < 0)
      return;
    if (is_sender(input, &from, size, now_ns, sink)) {
      take_datagram(input, sink, data, (size_t)got, now_ns);
    } else {
      input->counters.dropped++;
      complain(input, now_ns, "a second peer sends there; the first is heard until it is quiet for a second");
    }
  }
}

void guest_audio_input_step(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                            const struct pollfd *polls, uint64_t now_ns) {
  const uint64_t connections = input->link.connections;
  guest_link_step(&input->link, polls, now_ns);
  if (input->counters.is_udp) {
    step_datagrams(input, sink, now_ns);
    input->counters.connected = input->heard_ns && now_ns < input->heard_ns + sender_ns;
    return;
  }
  if (input->link.connections != connections) {
    end(input, sink);
    begin(input, now_ns);
    oriel_debug("source/guest_audio", "guest sound at %s: connected", input->link.text);
  }
  if (input->link.is_connected)
    step_stream(input, sink, now_ns);
  else
    end(input, sink);
  input->counters.connected = input->link.is_connected;
}

int guest_audio_input_timeout_ms(const struct guest_audio_input *input, uint64_t now_ns) {
  int timeout_ms = guest_link_timeout_ms(&input->link, now_ns);
  uint64_t due_ns = input->framer.due_ns;
  if (input->counters.is_udp && input->counters.connected)
    due_ns = input->heard_ns + sender_ns; /* so that it counts as gone then */
  if (!due_ns)
    return timeout_ms;
  const int wait_ms = due_ns > now_ns ? (int)((due_ns - now_ns) / ORIEL_NS_PER_MS) + 1 : 0;
  return timeout_ms < 0 || wait_ms < timeout_ms ? wait_ms : timeout_ms;
}
