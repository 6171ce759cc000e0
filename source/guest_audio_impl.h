/* SPDX-License-Identifier: MIT
 *
 * Inside of guest_audio: its inputs, the microphone's link, and what they share with other threads.
 */
#ifndef ORIEL_SOURCE_GUEST_AUDIO_IMPL_H
#define ORIEL_SOURCE_GUEST_AUDIO_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "media/opus_packet.h"
#include "media/pcm.h"
#include "source/guest_audio.h"
#include "source/guest_judge.h"
#include "source/guest_link.h"
#include "source/guest_rtp.h"
#include "source/guest_unread.h"
#include "source/replay_window.h"
#include "wire/audio.h"

/* ---- an input: guest_audio's thread ---- */

/* Datagrams without numbers: networks double one now and then. A sender's own packets are never so close together. */
struct guest_double {
  uint64_t arrived_ns;
  size_t size;
  uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
};

struct guest_audio_input {
  struct guest_link link;
  unsigned index;
  uint64_t connection; /* the link's, that the state below belongs to; 0 = none */
  struct oriel_audio_framer framer;
  uint64_t budget, budget_ns; /* frames it may still send now; when that was right */
  struct oriel_opus_plausibility plausibility; /* of an input of Opus */
  struct guest_judge judge;
  char said_fault[GUEST_FAULT_SIZE]; /* the last one that the log has, and when */
  uint64_t fault_said_ns;
  struct guest_rtp rtp;
  uint32_t due_stamp;  /* RTP: the timestamp behind the last packet */
  bool is_stamped;     /* it is known */
  struct oriel_pcm_format declared;        /* of PCM that is not ours; channels 0 = it is */
  struct oriel_pcm_converter *converter;   /* of that, for this stream; made when it begins */
  uint32_t number;     /* of the last packet that was handed on */
  /* Datagrams: who is listened to. */
  struct sockaddr_storage sender;
  socklen_t sender_size;
  uint64_t heard_ns;
  struct replay_window replay;
  struct guest_double last; /* the newest without a number */
  uint64_t complained_ns; /* when the log last had a line about it */
  uint64_t unsaid;        /* lines left out since */
  uint64_t loss_said_ns;  /* when the log last had a line about lost datagrams */
  struct oriel_guest_audio_input counters; /* address and kind apart */
};

enum { GUEST_AUDIO_BUDGET_FRAMES = 4 * ORIEL_AUDIO_RATE }; /* a burst after a stall; they come back at twice the rate */

int guest_audio_input_open(struct guest_audio_input *input, unsigned index, const char *address, bool dial_unix,
                           char *why, size_t why_size);
void guest_audio_input_finish(struct guest_audio_input *input);
int guest_audio_input_timeout_ms(const struct guest_audio_input *input, uint64_t now_ns);
void guest_audio_input_step(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                            const struct pollfd *polls, uint64_t now_ns);

/** Takes one packet, before which `lost` datagrams are missing by their numbers (of PCM; RTP has its own). NULL, or why
 *  this stream cannot go on, valid until the next packet. */
const char *guest_audio_packet_take(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                                    const uint8_t *packet, size_t size, uint32_t lost, uint64_t now_ns);
/** Whether a datagram with a number is to be heard, and how many before it are missing. */
bool guest_audio_packet_is_next(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                                uint32_t number, uint32_t *lost, uint64_t now_ns);

/* ---- the microphone ---- */

enum { GUEST_MICROPHONE_SLOTS = 40 }; /* 100 ms of the shortest packets */

struct guest_microphone {
  struct guest_link link; /* guest_audio's thread */
  uint64_t connection;
  bool is_probed; /* what waits in QEMU's socket tells whether its guest reads */
  uint8_t out[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX]; /* the packet on its way */
  size_t out_size, out_sent;
  struct guest_unread unread;
  uint64_t watch_ns; /* watched_fd is missing for want of a descriptor, and tried again then; 0 = no such time */
  pthread_mutex_t lock; /* guards the rest */
  struct {
    uint64_t pushed_ns;
    size_t size;
    uint8_t bytes[ORIEL_AUDIO_PACKET_MAX];
  } slots[GUEST_MICROPHONE_SLOTS];
  unsigned first, count;
  bool is_connected;
  bool is_watched;      /* taken is what has been read; else everything sent counts as taken */
  int watched_fd;       /* where it is watched: a duplicate, to ask what waits in it; -1 = none yet */
  uint64_t emptied_ns;  /* when nothing waited there, the last time somebody asked; 0 = never */
  uint64_t packets, dropped, connections;
};

int guest_microphone_init(struct guest_microphone *microphone);
int guest_microphone_open(struct guest_microphone *microphone, const char *address, bool dial_unix, char *why,
                          size_t why_size);
void guest_microphone_finish(struct guest_microphone *microphone);
/** True when it has bytes that wait for room. */
bool guest_microphone_wants_write(const struct guest_microphone *microphone);
/** Beside the link's: -1 = nothing to wait for. */
int guest_microphone_timeout_ms(const struct guest_microphone *microphone, uint64_t now_ns);
void guest_microphone_step(struct guest_microphone *microphone, const struct pollfd *polls, uint64_t now_ns);
/** Any thread. 0, -ENOTCONN. */
int guest_microphone_push(struct guest_microphone *microphone, const void *opus, size_t size, uint64_t now_ns);
bool guest_microphone_is_taken(struct guest_microphone *microphone, uint64_t now_ns);

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

#endif
