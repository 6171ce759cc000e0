/* SPDX-License-Identifier: MIT
 *
 * Sound that comes from inside a guest, by its agent or driver, and the microphone's way back: docs/protocols/audio.md.
 * Inputs: UDP first, then the addresses of streams in the order given. What a peer does wrong ends that peer's stream,
 * with one line in the log, and nothing else: every listener goes on.
 *
 * Thread-safety: create, start and destroy from one thread. microphone, has_microphone and info from any thread between
 * create and destroy. The sink is called on the one thread this owns, which sleeps while nothing arrives.
 */
#ifndef ORIEL_SOURCE_GUEST_AUDIO_H
#define ORIEL_SOURCE_GUEST_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/guest_audio_counters.h"
#include "source/guest_audio_sink.h"

struct oriel_guest_audio;

enum {
  ORIEL_GUEST_AUDIO_STREAMS_MAX = 4,
  ORIEL_GUEST_AUDIO_INPUTS_MAX = 1 + ORIEL_GUEST_AUDIO_STREAMS_MAX,
};

struct oriel_guest_audio_config {
  const char *udp;            /* "HOST:PORT" and options; a packet a datagram, bare or in RTP; NULL = none */
  const char *const *streams; /* addresses as in transport/address.h; read during create alone */
  unsigned stream_count;      /* 0..ORIEL_GUEST_AUDIO_STREAMS_MAX */
  const char *microphone;     /* address where the guest fetches the viewer's microphone; NULL = none */
  /* unix:// is dialed there, not listened at: QEMU listens for the ports it gave its guest. */
  bool dials_streams, dials_microphone;
};

/** Listens at once, so that a wrong or taken address is told now: `why` (at least 256 bytes) says which and why.
 *  0, -EINVAL, -EADDRINUSE, -ENOMEM, other -errno. */
int oriel_guest_audio_create(const struct oriel_guest_audio_config *config, struct oriel_guest_audio **audio,
                             char *why, size_t why_size);
/** Starts its thread; the sink must live until destroy. 0, -EAGAIN. */
int oriel_guest_audio_start(struct oriel_guest_audio *audio, const struct oriel_guest_audio_sink *sink);
/** Ends every stream, joins the thread, removes socket files of ours. NULL is fine. */
void oriel_guest_audio_destroy(struct oriel_guest_audio *audio);

/** One Opus packet (48 kHz, at most 20 ms) of the viewer's microphone, copied. At most 100 ms wait; where more would,
 *  the oldest go (the newest win). Never blocks for longer than a copy. 0; -ENOTCONN: no guest takes it, it was
 *  dropped; -EINVAL (0 or more than 1500 bytes). */
int oriel_guest_audio_microphone(struct oriel_guest_audio *audio, const void *opus, size_t size, uint64_t captured_ns);
/** True while something in the guest takes the microphone. Where the guest is behind QEMU's serial ports, an open
 *  port that is being read counts, not QEMU's own connection. One system call. */
bool oriel_guest_audio_has_microphone(struct oriel_guest_audio *audio);

struct oriel_guest_audio_info {
  unsigned inputs;
  struct oriel_guest_audio_input input[ORIEL_GUEST_AUDIO_INPUTS_MAX];
  bool has_microphone_address, microphone_connected;
  uint64_t microphone_packets, microphone_dropped, microphone_connections;
};
void oriel_guest_audio_info(struct oriel_guest_audio *audio, struct oriel_guest_audio_info *info);

#endif
