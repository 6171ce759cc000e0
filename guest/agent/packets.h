/* SPDX-License-Identifier: MIT
 *
 * From the ring's frames to packets on a stream: mixed down, coded, and sent, with what the stream does not take at
 * once kept until the next ones are due. Thread-safety: the transport thread's; agent_packets_tail any thread's.
 */
#ifndef ORIEL_GUEST_AGENT_PACKETS_H
#define ORIEL_GUEST_AGENT_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ring.h"
#include "guest/agent/settings.h"
#include "media/downmix.h"
#include "media/sound_coder.h"
#include "transport/dialer.h"
#include "wire/audio_sender.h"

struct agent_packets {
  struct oriel_downmix downmix;
  struct oriel_sound_coder coder;
  struct oriel_audio_sender sender;
  size_t due;             /* frames that are worth a wake-up: a packet, or several of PCM */
  float *read, *stereo;   /* one packet's frames: of the device, and mixed down */
  uint8_t *pending;       /* lengths and packets not yet taken by the stream */
  size_t pending_size, pending_most;
  size_t packet_left;     /* bytes of the packet at the front of `pending` if it is sent in part, else 0 */
  uint64_t sent, bytes;   /* whole packets, and all that was taken */
  uint64_t dropped;       /* packets that the peer did not take in time, or that could not be made */
  bool is_stalled;
};

/** For settings->output, with at most `frames_most` frames and what is due handed over at a time. 0, -EINVAL, -ENOMEM;
 *  finish is needed in any case. */
int agent_packets_init(struct agent_packets *packets, const struct agent_settings *settings, size_t frames_most);
/** Also of one that is all zero. */
void agent_packets_finish(struct agent_packets *packets);
/** Another peer listens: nothing is kept for it, and the coder starts afresh. 0, -ENOMEM: the coder goes on. */
int agent_packets_restart(struct agent_packets *packets);
/** What waits is given up. */
void agent_packets_forget(struct agent_packets *packets);
/** All packets that are due of the ring's first `level` frames. Old ones that no byte was sent of give way to them. 0,
 *  also when bytes are left; else -errno: the connection ended. */
int agent_packets_send(struct agent_packets *packets, struct oriel_ring *ring, size_t level,
                       struct oriel_dialer *dialer, uint64_t now_ns);
/** Goes on with what is left; likewise. */
int agent_packets_flush(struct agent_packets *packets, struct oriel_dialer *dialer, uint64_t now_ns);
/** Frames of silence behind `level` frames in the ring where sound ends, after which all of it leaves at once. */
size_t agent_packets_tail(const struct agent_packets *packets, size_t level);
/** Bytes that so many frames are on their way at most. */
size_t agent_packets_bytes(const struct agent_packets *packets, size_t frames);

#endif
