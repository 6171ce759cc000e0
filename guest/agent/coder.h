/* SPDX-License-Identifier: MIT
 *
 * Frames of the device to packets of the stream: 48 kHz stereo, Opus or float32. Thread-safety: one object, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_CODER_H
#define ORIEL_GUEST_AGENT_CODER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest/agent/settings.h"

enum { AGENT_PACKET_MAX = 1500 };

struct agent_coder;

/** For settings->output. 0, -EINVAL, -ENOMEM. */
int agent_coder_create(const struct agent_settings *settings, struct agent_coder **coder);
void agent_coder_destroy(struct agent_coder *coder);
/** Most frames of one packet; of Opus also the least. */
size_t agent_coder_frames(const struct agent_coder *coder);
/** Frames that are worth waking up for: one packet; of PCM about the time that was asked for, in whole cycles of the
 * graph. */
size_t agent_coder_due(const struct agent_coder *coder);
/** Frames of the next packet when `ready` of them wait: 0 when it is not due yet. PCM leaves whole, in equal packets.
 */
size_t agent_coder_next(const struct agent_coder *coder, size_t ready);
/** A new peer listens, whose decoder starts afresh. 0, -ENOMEM: the old state goes on. */
int agent_coder_restart(struct agent_coder *coder);
/** Codes `count` (as agent_coder_next says) interleaved frames of the device's channels. Returns bytes; -ENOMEM,
 * -EIO. */
ssize_t agent_coder_code(struct agent_coder *coder, const float *frames, size_t count, uint64_t now_ns,
                         uint8_t packet[AGENT_PACKET_MAX]);

#endif
