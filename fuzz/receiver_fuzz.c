/* SPDX-License-Identifier: MIT
 *
 * Packets of sound. The first byte chooses the format; then records: a byte that says what happens (push, pull or
 * reset, with which sequence number and how much later), for a push two bytes of length and the packet. Whatever
 * comes, sound comes out: finite and bounded.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/receiver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PULL_MOST = 960, ROUNDS_MOST = 400 };

static void pull(struct oriel_receiver *receiver, unsigned channels, size_t count, uint64_t now_ns) {
  float *frames = malloc(count * channels * sizeof *frames); /* exact: a frame too many is a finding */
  if (!frames)
    return;
  if (oriel_receiver_pull(receiver, frames, count, now_ns) > count)
    abort();
  for (size_t i = 0; i < count * channels; i++)
    if (!isfinite(frames[i]) || fabsf(frames[i]) > 100)
      abort();
  free(frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint32_t rates[] = {8000, 44100, 48000, 192000};
  if (size < 1)
    return 0;
  bool is_pcm = data[0] & 1;
  const struct oriel_receiver_config config = {
    .is_pcm = is_pcm,
    .channels = is_pcm ? (data[0] >> 1 & 15) + 1u : 2,
    .rate = is_pcm ? rates[data[0] >> 5 & 3] : 48000,
  };
  struct oriel_receiver *receiver = NULL;
  if (oriel_receiver_create(&config, &receiver) < 0)
    return 0;
  uint64_t now_ns = 1, sequence = 0;
  size_t at = 1;
  for (int round = 0; round < ROUNDS_MOST && at < size; round++) {
    uint8_t what = data[at++];
    now_ns += (uint64_t)(what >> 4) * (what & 8 ? 100000000 : 1000000);
    if ((what & 3) == 3) {
      if (what & 4)
        oriel_receiver_reset(receiver);
      else
        pull(receiver, config.channels, PULL_MOST, now_ns);
    } else if ((what & 3) == 2) {
      pull(receiver, config.channels, (what & 4) ? 1 : 240, now_ns);
    } else {
      if (size - at < 2)
        break;
      size_t length = (size_t)(data[at] | data[at + 1] << 8) % 1601;
      at += 2;
      length = length < size - at ? length : size - at;
      sequence += what & 1 ? 1 : what & 4 ? 3 : UINT64_C(0) - 5000;
      uint8_t *packet = malloc(length ? length : 1);
      if (packet) {
        memcpy(packet, data + at, length);
        oriel_receiver_push(receiver, packet, length, sequence, now_ns);
      }
      free(packet);
      at += length;
    }
  }
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(receiver, &stats);
  if (!(fabs(stats.ratio - 1) <= 0.00501))
    abort();
  oriel_receiver_destroy(receiver);
  return 0;
}
