/* SPDX-License-Identifier: MIT
 *
 * From a device's frames to the packets of a stream: mix down to stereo, convert to 48 kHz, collect, code. Opus packets
 * of 5, 10 or 20 ms; PCM as soon as there is any, in packets of at most the time that was asked for. The pump's thread.
 */
#ifndef ORIEL_DRIVER_PACKETS_H
#define ORIEL_DRIVER_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/resampler.h"
#include "media/downmix.h"
#include "media/sound_coder.h"
#include "transport/address.h"

enum {
  PACKETS_RATE = 48000, /* of every stream, in stereo */
  PACKETS_INPUT_MAX = 512,
  PACKETS_COLLECT_MAX = 4096,
};

struct packets {
  struct oriel_sound_coder coder;
  struct resampler resampler;
  struct oriel_downmix downmix;
  float last[ORIEL_SPEAKERS_MAX]; /* frame of the device that was put */
  bool has_sound;   /* since it began, or ended */
  size_t fade;      /* frames of a fade-in to go */
  size_t collected; /* frames at 48 kHz that wait in `stereo` */
  float stereo[2 * PACKETS_COLLECT_MAX];
};

/** `layout` has `channels` (1..16) speakers. 0, -EINVAL, -ENOMEM. */
int packets_init(struct packets *packets, const struct oriel_transport_address *address, uint32_t bitrate_kbps,
                 uint32_t rate, const enum oriel_speaker *layout, unsigned channels);
void packets_finish(struct packets *packets);
/** The sound jumps: forgets what is collected and fades the next in. */
void packets_restart(struct packets *packets);
/** Takes `count` (at most PACKETS_INPUT_MAX) frames of the device. Only while packets_room says so. */
void packets_put(struct packets *packets, const float *frames, size_t count);
/** Sound ends here: a fade of 240 frames from where it stood, and silence to the end of a packet and of what the coder
 *  keeps. With less than a packet collected. */
void packets_end(struct packets *packets);
bool packets_room(const struct packets *packets);
/** The next packet into `bytes`: its size, 0 = more frames are needed; -ENOMEM, -EIO. */
int packets_next(struct packets *packets, uint8_t bytes[ORIEL_SOUND_CODER_PACKET_MAX]);
/** Frames of the device that are missing for the next packet. */
size_t packets_missing(const struct packets *packets);

#endif
