/* SPDX-License-Identifier: MIT
 *
 * Coding and handing on. Audio thread.
 */
#include "desktop/sound_output.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

void oriel_sound_output_init(struct oriel_sound_output *output, unsigned frame_ms, unsigned kbps) {
  memset(output, 0, sizeof *output);
  output->frame_ms = frame_ms;
  output->kbps = kbps;
  output->packet_frames = ORIEL_OPUS_RATE / 1000 * frame_ms;
}

void oriel_sound_output_finish(struct oriel_sound_output *output) {
  oriel_opus_encoder_destroy(output->encoder);
}

void oriel_sound_output_add(struct oriel_sound_output *output, const struct oriel_sound_listener *listener) {
  const unsigned count = atomic_load_explicit(&output->count, memory_order_relaxed); /* only the owner writes it */
  assert(count < ORIEL_SOUND_LISTENERS_MAX);
  output->listeners[count] = *listener;
  atomic_store_explicit(&output->count, count + 1, memory_order_release); /* with the acquire in offer */
}

bool oriel_sound_output_prepare(struct oriel_sound_output *output) {
  if (!output->encoder && oriel_opus_encoder_create(output->frame_ms, output->kbps, &output->encoder)) {
    if (!output->warned)
      oriel_warn("desktop", "no memory for the sound encoder: the desktop is silent until there is; pictures go on");
    output->warned = true;
    return false;
  }
  output->warned = false;
  return true;
}

void oriel_sound_output_renew(struct oriel_sound_output *output, const float *last) {
  struct oriel_packet *unheard = NULL;
  oriel_opus_encoder_destroy(output->encoder);
  output->encoder = NULL;
  if (oriel_sound_output_prepare(output) && last && !oriel_opus_encode(output->encoder, last, 1, &unheard))
    oriel_packet_unref(unheard);
}

void oriel_sound_output_code(struct oriel_sound_output *output, const float *frames, uint64_t captured_ns) {
  struct oriel_packet *packet = NULL;
  int error = -ENOMEM;
  if (output->encoder)
    error = oriel_opus_encode(output->encoder, frames, captured_ns, &packet);
  if (error) {
    oriel_debug("desktop", "a sound packet could not be encoded: %s", strerror(-error));
    return;
  }
  oriel_sound_output_offer(output, packet);
  oriel_packet_unref(packet);
}

void oriel_sound_output_offer(struct oriel_sound_output *output, struct oriel_packet *packet) {
  /* acquire with the release in add: the listeners up to there are whole */
  const unsigned count = atomic_load_explicit(&output->count, memory_order_acquire);
  packet->encoded_ns = oriel_clock_ns();
  for (unsigned i = 0; i < count; i++)
    output->listeners[i].offer(output->listeners[i].user, packet);
}
