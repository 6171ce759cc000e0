/* SPDX-License-Identifier: MIT
 *
 * The packets of one of guest_audio's inputs: whether each is one, what it costs, what is missing before it, what of it
 * is handed on.
 *
 * Thread-safety: guest_audio's thread.
 */
#ifndef ORIEL_SOURCE_GUEST_PACKETS_H
#define ORIEL_SOURCE_GUEST_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/opus_packet.h"
#include "media/pcm.h"
#include "source/guest_audio_counters.h"
#include "source/guest_audio_sink.h"
#include "source/guest_judge.h"
#include "source/guest_rtp.h"
#include "source/replay_window.h"
#include "wire/audio.h"

/* Datagrams without numbers: networks double one now and then. A sender's own packets are never so close together. */
struct guest_double {
  uint64_t arrived_ns;
  size_t size;
  uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
};

/** Fill in the first four and zero the rest; begin comes before the first packet, and finish after the last. */
struct guest_packets {
  unsigned index;                          /* the input's, for the sink */
  const char *text;                        /* its address, for the log; borrowed */
  struct oriel_guest_audio_input *counters; /* borrowed */
  struct oriel_pcm_format declared;        /* of PCM that is not ours; channels 0 = it is */
  uint64_t budget, budget_ns; /* frames it may still send now; when that was right */
  struct oriel_opus_plausibility plausibility; /* of an input of Opus */
  struct guest_judge judge;
  char said_fault[GUEST_FAULT_SIZE]; /* the last one that the log has, and when */
  uint64_t fault_said_ns;
  struct guest_rtp rtp;
  uint32_t due_stamp;  /* RTP: the timestamp behind the last packet */
  bool is_stamped;     /* it is known */
  struct oriel_pcm_converter *converter;   /* of `declared`, for this stream; made when it begins */
  uint32_t number;     /* of the last packet that was handed on */
  struct replay_window replay;
  struct guest_double last; /* the newest without a number */
  uint64_t loss_said_ns;  /* when the log last had a line about lost datagrams */
};

/** A stream begins: nothing that the one before sent counts any more. */
void guest_packets_begin(struct guest_packets *packets, uint64_t now_ns);
void guest_packets_finish(struct guest_packets *packets);
/** Takes one packet, before which `lost` datagrams are missing by their numbers (of PCM; RTP has its own). NULL, or why
 *  this stream cannot go on, valid until the next packet. */
const char *guest_packets_take(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink,
                               const uint8_t *packet, size_t size, uint32_t lost, uint64_t now_ns);
/** Whether a datagram with a number is to be heard, and how many before it are missing. */
bool guest_packets_is_next(struct guest_packets *packets, const struct oriel_guest_audio_sink *sink, uint32_t number,
                           uint32_t *lost, uint64_t now_ns);

#endif
