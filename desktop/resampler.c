/* SPDX-License-Identifier: MIT
 *
 * A receiver and the clock that it is read by. Audio thread.
 */
#include "desktop/resampler.h"

#include "core/clock.h"
#include "media/opus.h"

enum { EMPTY_MS = 60, IDLE_MS = 1000 };
enum { EXCESS_US = 30 * 1000 }; /* the receiver cuts what is further above its target */
static const uint64_t behind_ns =
    60 * ORIEL_NS_PER_MS; /* as much late, what was missed is not made up for (lesson 27) */

int oriel_resampler_init(struct oriel_resampler *resampler, bool is_pcm, size_t frames) {
  const struct oriel_receiver_config config = {
    .is_pcm = is_pcm, .channels = ORIEL_OPUS_CHANNELS, .rate = ORIEL_OPUS_RATE,
  };
  *resampler = (struct oriel_resampler){.frames = frames};
  return oriel_receiver_create(&config, &resampler->receiver);
}

void oriel_resampler_finish(struct oriel_resampler *resampler) {
  oriel_receiver_destroy(resampler->receiver);
  *resampler = (struct oriel_resampler){.receiver = NULL};
}

void oriel_resampler_push(struct oriel_resampler *resampler, const void *packet, size_t size, uint32_t number,
                          uint64_t arrived_ns) {
  resampler->sequence += (uint64_t)(int64_t)(int32_t)(number - (uint32_t)resampler->sequence);
  /* Its form was looked at. */
  (void)oriel_receiver_push(resampler->receiver, packet, size, resampler->sequence, arrived_ns);
  if (oriel_receiver_pushed_peak(resampler->receiver) > ORIEL_SOUND_AUDIBLE)
    resampler->heard_ns = arrived_ns;
  if (!resampler->due_ns)
    resampler->due_ns = arrived_ns;
}

void oriel_resampler_reset(struct oriel_resampler *resampler) {
  oriel_receiver_reset(resampler->receiver);
}

void oriel_resampler_idle(struct oriel_resampler *resampler) {
  if (!resampler->due_ns)
    return;
  oriel_receiver_idle(resampler->receiver);
  resampler->due_ns = 0;
  resampler->empty = 0;
  resampler->sounds = false;
}

/* Counts what came without sound; after a second of that it is idle. */
static void note_empty(struct oriel_resampler *resampler, size_t count, size_t sound) {
  const size_t idle = (size_t)IDLE_MS * ORIEL_OPUS_RATE / 1000, gap = (size_t)EMPTY_MS * ORIEL_OPUS_RATE / 1000;
  resampler->empty = sound ? 0 : resampler->empty + count;
  resampler->sounds = sound || (resampler->sounds && resampler->empty < gap);
  if (resampler->empty >= idle)
    oriel_resampler_idle(resampler);
}

void oriel_resampler_take_some(struct oriel_resampler *resampler, float *frames, size_t count, uint64_t now_ns,
                               uint64_t patience_ns) {
  const size_t sound = oriel_receiver_pull(resampler->receiver, frames, count, now_ns);
  if (resampler->due_ns)
    resampler->due_ns = now_ns + patience_ns;
  note_empty(resampler, count, sound);
}

bool oriel_resampler_take(struct oriel_resampler *resampler, float *frames, uint64_t now_ns, uint64_t *captured_ns) {
  struct oriel_receiver_stats stats;
  if (now_ns > resampler->due_ns + behind_ns)
    resampler->due_ns = now_ns;
  const size_t sound = oriel_receiver_pull(resampler->receiver, frames, resampler->frames, resampler->due_ns);
  oriel_receiver_stats(resampler->receiver, &stats);
  const uint32_t most_us = stats.target_us + EXCESS_US;
  const uint64_t waited_ns = (uint64_t)(stats.level_us < most_us ? stats.level_us : most_us) * ORIEL_NS_PER_US;
  *captured_ns = resampler->due_ns > waited_ns ? resampler->due_ns - waited_ns : 0;
  resampler->due_ns += oriel_opus_frames_ns(resampler->frames);
  note_empty(resampler, resampler->frames, sound);
  return resampler->sounds;
}
