/* SPDX-License-Identifier: MIT
 *
 * A receiver and the clock that it is read by. Audio thread.
 */
#include "desktop/retime.h"

#include "core/clock.h"
#include "media/opus.h"

enum { EMPTY_MS = 60, REST_MS = 1000 };
enum { EXCESS_US = 30 * 1000 }; /* the receiver cuts what is further above its target */
static const uint64_t behind_ns =
    60 * ORIEL_NS_PER_MS; /* as much late, what was missed is not made up for (lesson 27) */

int oriel_retime_init(struct oriel_retime *retime, bool is_pcm, size_t frames) {
  const struct oriel_receiver_config config = {
    .is_pcm = is_pcm, .channels = ORIEL_OPUS_CHANNELS, .rate = ORIEL_OPUS_RATE,
  };
  *retime = (struct oriel_retime){.frames = frames};
  return oriel_receiver_create(&config, &retime->receiver);
}

void oriel_retime_finish(struct oriel_retime *retime) {
  oriel_receiver_destroy(retime->receiver);
  *retime = (struct oriel_retime){.receiver = NULL};
}

void oriel_retime_push(struct oriel_retime *retime, const void *packet, size_t size, uint32_t number,
                       uint64_t arrived_ns) {
  retime->sequence += (uint64_t)(int64_t)(int32_t)(number - (uint32_t)retime->sequence);
  (void)oriel_receiver_push(retime->receiver, packet, size, retime->sequence, arrived_ns); /* its form was looked at */
  if (oriel_receiver_pushed_peak(retime->receiver) > ORIEL_SOUND_AUDIBLE)
    retime->heard_ns = arrived_ns;
  if (!retime->due_ns)
    retime->due_ns = arrived_ns;
}

void oriel_retime_reset(struct oriel_retime *retime) {
  oriel_receiver_reset(retime->receiver);
}

void oriel_retime_rest(struct oriel_retime *retime) {
  if (!retime->due_ns)
    return;
  oriel_receiver_rest(retime->receiver);
  retime->due_ns = 0;
  retime->empty = 0;
  retime->sounds = false;
}

/* Counts what came without sound; after a second of that it rests. */
static void note_empty(struct oriel_retime *retime, size_t count, size_t sound) {
  const size_t rest = (size_t)REST_MS * ORIEL_OPUS_RATE / 1000, gap = (size_t)EMPTY_MS * ORIEL_OPUS_RATE / 1000;
  retime->empty = sound ? 0 : retime->empty + count;
  retime->sounds = sound || (retime->sounds && retime->empty < gap);
  if (retime->empty >= rest)
    oriel_retime_rest(retime);
}

void oriel_retime_take_some(struct oriel_retime *retime, float *frames, size_t count, uint64_t now_ns,
                            uint64_t patience_ns) {
  const size_t sound = oriel_receiver_pull(retime->receiver, frames, count, now_ns);
  if (retime->due_ns)
    retime->due_ns = now_ns + patience_ns;
  note_empty(retime, count, sound);
}

bool oriel_retime_take(struct oriel_retime *retime, float *frames, uint64_t now_ns, uint64_t *captured_ns) {
  struct oriel_receiver_stats stats;
  if (now_ns > retime->due_ns + behind_ns)
    retime->due_ns = now_ns;
  const size_t sound = oriel_receiver_pull(retime->receiver, frames, retime->frames, retime->due_ns);
  oriel_receiver_stats(retime->receiver, &stats);
  const uint32_t most_us = stats.target_us + EXCESS_US;
  const uint64_t waited_ns = (uint64_t)(stats.level_us < most_us ? stats.level_us : most_us) * ORIEL_NS_PER_US;
  *captured_ns = retime->due_ns > waited_ns ? retime->due_ns - waited_ns : 0;
  retime->due_ns += oriel_opus_frames_ns(retime->frames);
  note_empty(retime, retime->frames, sound);
  return retime->sounds;
}
