/* SPDX-License-Identifier: MIT
 *
 * An input of guest_audio: one address, who is listened to there, and bytes or datagrams cut into packets.
 *
 * Thread-safety: guest_audio's thread, but open and finish, which its owner calls while that does not run.
 */
#ifndef ORIEL_SOURCE_GUEST_AUDIO_INPUT_H
#define ORIEL_SOURCE_GUEST_AUDIO_INPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "source/guest_audio_counters.h"
#include "source/guest_audio_sink.h"
#include "source/guest_link.h"
#include "source/guest_packets.h"
#include "wire/audio.h"

struct guest_audio_input {
  struct guest_link link;
  uint64_t connection; /* the link's, that the state below belongs to; 0 = none */
  struct oriel_audio_framer framer;
  struct guest_packets packets;
  /* Datagrams: who is listened to. */
  struct sockaddr_storage sender;
  socklen_t sender_size;
  uint64_t heard_ns;
  uint64_t complained_ns; /* when the log last had a line about it */
  uint64_t unsaid;        /* lines left out since */
  struct oriel_guest_audio_input counters; /* address and kind apart */
};

/** Must stay where it is until finish. 0, or -errno with `why`. */
int guest_audio_input_open(struct guest_audio_input *input, unsigned index, const char *address, bool dial_unix,
                           char *why, size_t why_size);
void guest_audio_input_finish(struct guest_audio_input *input);
/** -1 = nothing to wait for. */
int guest_audio_input_timeout_ms(const struct guest_audio_input *input, uint64_t now_ns);
/** Takes what came; `polls` are the link's. */
void guest_audio_input_step(struct guest_audio_input *input, const struct oriel_guest_audio_sink *sink,
                            const struct pollfd *polls, uint64_t now_ns);

#endif
