/* SPDX-License-Identifier: MIT
 *
 * Packets of a guest on their way to the audio thread.
 */
#include "desktop/sound_inputs.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/sound_select.h"
#include "media/opus.h"

static const uint64_t late_ns = 35 * ORIEL_NS_PER_MS, late_most_ns = 60 * ORIEL_NS_PER_MS;

int oriel_sound_inputs_init(struct oriel_sound_inputs *inputs, struct oriel_guest_audio *guest,
                            struct oriel_sound_signal *signal) {
  struct oriel_guest_audio_info info = {0};
  memset(inputs, 0, sizeof *inputs);
  if (pthread_mutex_init(&inputs->lock, NULL))
    return -ENOMEM;
  inputs->signal = signal;
  inputs->active = ORIEL_SOUND_NONE;
  if (guest)
    oriel_guest_audio_info(guest, &info);
  inputs->guests = info.inputs;
  for (unsigned i = 0; i < info.inputs; i++)
    inputs->is_pcm[i] = info.input[i].is_pcm;
  return 0;
}

int oriel_sound_inputs_prepare(struct oriel_sound_inputs *inputs) {
  for (unsigned i = 0; i < inputs->guests; i++) {
    struct oriel_queue queue;
    if (inputs->queues[i].slots)
      continue;
    const int error = oriel_queue_init(&queue, ORIEL_SOUND_WAITING_MAX, ORIEL_QUEUE_DROP_OLDEST);
    if (error)
      return error;
    pthread_mutex_lock(&inputs->lock);
    inputs->queues[i] = queue;
    pthread_mutex_unlock(&inputs->lock);
  }
  return 0;
}

void oriel_sound_inputs_finish(struct oriel_sound_inputs *inputs) {
  for (unsigned i = 0; i < inputs->guests; i++)
    if (inputs->queues[i].slots)
      oriel_queue_finish(&inputs->queues[i]);
  pthread_mutex_destroy(&inputs->lock);
}

void oriel_sound_inputs_clear(struct oriel_sound_inputs *inputs) {
  pthread_mutex_lock(&inputs->lock);
  for (unsigned i = 0; i < inputs->guests; i++)
    if (inputs->queues[i].slots)
      oriel_queue_clear(&inputs->queues[i]);
  pthread_mutex_unlock(&inputs->lock);
}

bool oriel_sound_input_is_opus(const struct oriel_sound_inputs *inputs, int input) {
  return input >= 0 && input < (int)inputs->guests && !inputs->is_pcm[input];
}

uint64_t oriel_sound_inputs_patience_ns_locked(const struct oriel_sound_inputs *inputs) {
  if (inputs->active < 0)
    return 0;
  const struct oriel_arrival *arrival = &inputs->arrivals[inputs->active];
  const uint64_t wait_ns = late_ns + 4 * arrival->jitter_us * ORIEL_NS_PER_US;
  return arrival->ended ? 0 : wait_ns < late_most_ns ? wait_ns : late_most_ns;
}

/* ---- guest_audio's thread ---- */

static void sink_packet(void *user, unsigned input, const void *data, size_t size, unsigned frames, uint32_t number,
                        uint64_t missing, uint64_t arrived_ns) {
  struct oriel_sound_inputs *inputs = user;
  struct oriel_packet *packet = NULL;
  if (atomic_load(&inputs->signal->wanted)) /* nobody listens: it is looked at and forgotten */
    packet = oriel_packet_create(ORIEL_PACKET_AUDIO, size);
  if (packet)
    memcpy(packet->data, data, size);
  pthread_mutex_lock(&inputs->lock);
  /* The time of what was lost or left out has passed, too. */
  oriel_arrival_missed(&inputs->arrivals[input], oriel_opus_frames_ns(missing));
  const uint64_t due = oriel_arrival_heard(&inputs->arrivals[input], oriel_opus_frames_ns(frames), arrived_ns);
  if (packet) {
    packet->sequence = number;
    packet->captured_ns = due;
    packet->converted_ns = arrived_ns;
    oriel_queue_push(&inputs->queues[input], packet);
  }
  pthread_mutex_unlock(&inputs->lock);
  if (!packet)
    return;
  oriel_packet_unref(packet);
  oriel_sound_signal_post(inputs->signal);
}

static void sink_ended(void *user, unsigned input) {
  struct oriel_sound_inputs *inputs = user;
  pthread_mutex_lock(&inputs->lock);
  oriel_arrival_end(&inputs->arrivals[input]);
  inputs->ended[input] = true;
  pthread_mutex_unlock(&inputs->lock);
}

struct oriel_guest_audio_sink oriel_sound_inputs_sink(struct oriel_sound_inputs *inputs) {
  return (struct oriel_guest_audio_sink){.user = inputs, .packet = sink_packet, .ended = sink_ended};
}
