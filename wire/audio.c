/* SPDX-License-Identifier: MIT
 *
 * Packets of sound on a byte stream, and their samples where they are PCM. Any thread; one owner per framer.
 */
#include "wire/audio.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/clock.h"

static size_t length_of(const uint8_t bytes[ORIEL_AUDIO_LENGTH_SIZE]) {
  return (size_t)bytes[0] << 8 | bytes[1];
}

static int is_length(size_t size) {
  return size >= 1 && size <= ORIEL_AUDIO_PACKET_MAX;
}

int oriel_audio_write_length(uint8_t length[ORIEL_AUDIO_LENGTH_SIZE], size_t packet_size) {
  if (!is_length(packet_size))
    return -EMSGSIZE;
  length[0] = (uint8_t)(packet_size >> 8);
  length[1] = (uint8_t)packet_size;
  return 0;
}

/* Moves bytes into the framer until it holds `until` of them. True when it does. */
static int fill(struct oriel_audio_framer *framer, size_t until, const uint8_t **data, size_t *size) {
  const size_t missing = until - framer->have, taken = missing < *size ? missing : *size;
  if (taken)
    memcpy(framer->bytes + framer->have, *data, taken);
  framer->have += taken;
  *data += taken;
  *size -= taken;
  return taken == missing;
}

int oriel_audio_framer_next(struct oriel_audio_framer *framer, const uint8_t **data, size_t *size,
                            const uint8_t **packet, size_t *packet_size) {
  if (!framer->have && *size >= ORIEL_AUDIO_LENGTH_SIZE) {
    const size_t length = length_of(*data), whole = ORIEL_AUDIO_LENGTH_SIZE + length;
    if (is_length(length) && *size >= whole) {
      framer->due_ns = 0;
      *packet = *data + ORIEL_AUDIO_LENGTH_SIZE;
      *packet_size = length;
      *data += whole;
      *size -= whole;
      return 1;
    }
  }
  if (framer->have < ORIEL_AUDIO_LENGTH_SIZE && !fill(framer, ORIEL_AUDIO_LENGTH_SIZE, data, size))
    return 0;
  /* Stays in the framer when it is wrong, so that every further call says so too. */
  const size_t length = length_of(framer->bytes);
  if (!is_length(length))
    return -EBADMSG;
  if (!fill(framer, ORIEL_AUDIO_LENGTH_SIZE + length, data, size))
    return 0;
  framer->have = 0;
  framer->due_ns = 0;
  *packet = framer->bytes + ORIEL_AUDIO_LENGTH_SIZE;
  *packet_size = length;
  return 1;
}

bool oriel_audio_framer_is_inside(const struct oriel_audio_framer *framer) {
  return framer->have > 0;
}

bool oriel_audio_framer_is_lost(struct oriel_audio_framer *framer, uint64_t now_ns) {
  if (!framer->have)
    framer->due_ns = 0;
  else if (!framer->due_ns)
    framer->due_ns = now_ns + ORIEL_NS_PER_SECOND;
  return framer->due_ns && now_ns >= framer->due_ns;
}

int oriel_audio_read_pcm(const uint8_t *packet, size_t packet_size, float *samples, size_t *frames) {
  if (!is_length(packet_size) || packet_size % (ORIEL_AUDIO_CHANNELS * sizeof(float)))
    return -EBADMSG;
  const size_t count = packet_size / sizeof(float);
  for (size_t i = 0; i < count; i++) {
    const uint8_t *bytes = packet + i * sizeof(float);
    const uint32_t bits =
        (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    float sample;
    memcpy(&sample, &bits, sizeof sample);
    if (!isfinite(sample))
      sample = 0;
    samples[i] = sample > ORIEL_AUDIO_PCM_PEAK    ? ORIEL_AUDIO_PCM_PEAK
                 : sample < -ORIEL_AUDIO_PCM_PEAK ? -ORIEL_AUDIO_PCM_PEAK
                                                  : sample;
  }
  *frames = count / ORIEL_AUDIO_CHANNELS;
  return 0;
}

size_t oriel_audio_write_pcm(const float *samples, size_t frames, uint8_t packet[ORIEL_AUDIO_PACKET_MAX]) {
  const size_t taken = frames < ORIEL_AUDIO_PCM_FRAMES_MAX ? frames : ORIEL_AUDIO_PCM_FRAMES_MAX;
  for (size_t i = 0; i < taken * ORIEL_AUDIO_CHANNELS; i++) {
    uint32_t bits;
    memcpy(&bits, &samples[i], sizeof bits);
    uint8_t *bytes = packet + i * sizeof bits;
    bytes[0] = (uint8_t)bits;
    bytes[1] = (uint8_t)(bits >> 8);
    bytes[2] = (uint8_t)(bits >> 16);
    bytes[3] = (uint8_t)(bits >> 24);
  }
  return taken * ORIEL_AUDIO_CHANNELS * sizeof(float);
}

void oriel_audio_write_number(uint8_t bytes[ORIEL_AUDIO_NUMBER_SIZE], uint32_t number) {
  for (int i = 0; i < ORIEL_AUDIO_NUMBER_SIZE; i++)
    bytes[i] = (uint8_t)(number >> (8 * i));
}

bool oriel_audio_cut_number(const uint8_t *datagram, size_t *size, uint32_t *number) {
  if (*size <= ORIEL_AUDIO_NUMBER_SIZE || *size > ORIEL_AUDIO_PACKET_MAX ||
      *size % (ORIEL_AUDIO_CHANNELS * sizeof(float)) != ORIEL_AUDIO_NUMBER_SIZE)
    return false;
  *size -= ORIEL_AUDIO_NUMBER_SIZE;
  const uint8_t *bytes = datagram + *size;
  *number = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
  return true;
}
