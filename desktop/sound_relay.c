/* SPDX-License-Identifier: MIT
 *
 * Handing on, or decoding, mixing and coding. Audio thread.
 */
#include "desktop/sound_relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/receiver_decode.h"

enum {
  RECENT_PACKETS = 4, /* that a decoder hears before its frames are used: 80 ms; cold, a tone was 6 dB off for 60 */
  /* The listeners' decoders learn a sound from our packets, before they get the sender's own, which build on it.
   * Without this a tone was 6 dB too loud for 60 ms after the change. */
  SETTLE_FRAMES = ORIEL_OPUS_RATE * (50 + 60) / 1000,
};

struct oriel_sound_history {
  struct receiver_decode decode; /* the active input's Opus, while it has company */
  bool warm;                     /* `decode` knows what was before */
  struct oriel_queue recent;     /* its newest packets, from which a decoder learns that */
  float last[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS]; /* its newest frames, to begin coding with */
  size_t last_count;
  size_t settle;           /* frames to be coded here after something was mixed in */
  struct oriel_frames out; /* what waits to be a whole packet */
  uint64_t out_ns;         /* capture time of the first frame in `out` */
};

static int create_history(struct oriel_sound_history **out) {
  const struct oriel_receiver_config opus = {.channels = ORIEL_OPUS_CHANNELS, .rate = ORIEL_OPUS_RATE};
  struct oriel_sound_history *history = calloc(1, sizeof *history);
  if (!history)
    return -ENOMEM;
  if (oriel_queue_init(&history->recent, RECENT_PACKETS, ORIEL_QUEUE_DROP_OLDEST))
    goto fail;
  if (receiver_decode_init(&history->decode, &opus))
    goto fail_recent;
  *out = history;
  return 0;
fail_recent:
  oriel_queue_finish(&history->recent);
fail:
  free(history);
  return -ENOMEM;
}

int oriel_sound_relay_init(struct oriel_sound_relay *relay, struct oriel_sound_mix *mix,
                           struct oriel_sound_output *output) {
  bool any_opus = false;
  *relay = (struct oriel_sound_relay){.mix = mix, .output = output, .codes = true};
  for (unsigned i = 0; i < mix->inputs->guests; i++)
    any_opus |= !mix->inputs->is_pcm[i];
  return any_opus ? create_history(&relay->history) : 0;
}

void oriel_sound_relay_finish(struct oriel_sound_relay *relay) {
  struct oriel_sound_history *history = relay->history;
  relay->history = NULL;
  if (!history)
    return;
  receiver_decode_finish(&history->decode);
  oriel_queue_finish(&history->recent);
  free(history);
}

/* ---- coding ---- */

/* Our encoder's state is from long ago, and the listeners' is that of a guest's packets: it begins anew, with the last
 * of what they heard, so that its own delay is no hole. */
static void begin_coding(struct oriel_sound_relay *relay) {
  const struct oriel_sound_history *history = relay->history;
  const bool known = history && history->last_count == relay->output->packet_frames;
  oriel_sound_output_renew(relay->output, known ? history->last : NULL);
  relay->codes = true;
}

static void code(struct oriel_sound_relay *relay, const float *frames, uint64_t captured_ns) {
  if (!relay->codes)
    begin_coding(relay);
  oriel_sound_output_code(relay->output, frames, captured_ns);
}

static void count(struct oriel_sound_relay *relay, uint64_t *counter) {
  pthread_mutex_lock(&relay->mix->inputs->lock);
  ++*counter;
  pthread_mutex_unlock(&relay->mix->inputs->lock);
}

void oriel_sound_relay_frames(struct oriel_sound_relay *relay, float *frames, uint64_t captured_ns) {
  if (oriel_sound_mix_add(relay->mix, frames, relay->output->packet_frames))
    count(relay, &relay->mix->inputs->mixed);
  code(relay, frames, captured_ns);
}

static void code_waiting(struct oriel_sound_relay *relay) {
  struct oriel_sound_history *history = relay->history;
  const size_t whole = relay->output->packet_frames;
  float frames[ORIEL_SOUND_PACKET_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  const size_t got = oriel_frames_take(&history->out, frames, whole);
  memset(frames + got * ORIEL_OPUS_CHANNELS, 0, (whole - got) * ORIEL_OPUS_FRAME_SIZE); /* lesson 25 */
  code(relay, frames, history->out_ns);
  history->out_ns += oriel_opus_frames_ns(whole);
}

void oriel_sound_relay_flush(struct oriel_sound_relay *relay) {
  if (relay->history && relay->history->out.count)
    code_waiting(relay);
}

/* ---- a guest's own packets ---- */

static void pass(struct oriel_sound_relay *relay, struct oriel_packet *packet) {
  oriel_sound_output_offer(relay->output, packet);
  relay->codes = false;
  relay->history->out.count = 0;
  count(relay, &relay->mix->inputs->passed);
}

void oriel_sound_relay_remember(struct oriel_sound_relay *relay, struct oriel_packet *packet) {
  oriel_queue_push(&relay->history->recent, packet);
}

static void keep_last(struct oriel_sound_history *history, const float *frames, size_t frame_count) {
  memcpy(history->last, frames, frame_count * ORIEL_OPUS_FRAME_SIZE);
  history->last_count = frame_count;
}

static void warm_up(struct oriel_sound_history *history) {
  receiver_decode_reset(&history->decode);
  for (size_t i = history->recent.count; i > 0; i--) {
    struct oriel_packet *packet = oriel_queue_pop(&history->recent);
    const int got = receiver_decode_packet(&history->decode, packet->data, packet->size);
    if (got > 0)
      keep_last(history, history->decode.frames, (size_t)got);
    oriel_packet_unref(packet);
  }
  history->warm = true;
}

/* Frames that are mixed; true while they are to be coded, not the packet handed on. */
static bool goes_on_coding(struct oriel_sound_history *history, bool mixed, size_t frame_count) {
  if (mixed)
    history->settle = 2 * SETTLE_FRAMES;
  else
    history->settle -= history->settle < frame_count ? history->settle : frame_count;
  /* A sender whose packets never line up with ours loses a part of one. */
  return history->settle > SETTLE_FRAMES || (history->settle > 0 && history->out.count);
}

/* Decoded and mixed; true when the result was coded, false where the packet itself is to be handed on. */
static bool code_packet(struct oriel_sound_relay *relay, const struct oriel_packet *packet, size_t frame_count) {
  struct oriel_sound_history *history = relay->history;
  float frames[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  memcpy(frames, history->decode.frames, frame_count * ORIEL_OPUS_FRAME_SIZE);
  const bool mixed = oriel_sound_mix_add(relay->mix, frames, frame_count);
  if (!goes_on_coding(history, mixed, frame_count)) {
    history->settle = 0;
    return false;
  }
  if (!history->out.count)
    history->out_ns = packet->captured_ns;
  oriel_frames_put(&history->out, frames, frame_count);
  while (history->out.count >= relay->output->packet_frames)
    code_waiting(relay);
  count(relay, &relay->mix->inputs->mixed);
  return true;
}

void oriel_sound_relay_packet(struct oriel_sound_relay *relay, struct oriel_packet *packet) {
  struct oriel_sound_history *history = relay->history;
  if (!history->settle && !oriel_sound_mix_has_company(relay->mix)) {
    history->warm = false;
    oriel_sound_relay_remember(relay, packet);
    pass(relay, packet);
    return;
  }
  if (!history->warm)
    warm_up(history);
  oriel_sound_relay_remember(relay, packet);
  const int got = receiver_decode_packet(&history->decode, packet->data, packet->size);
  if (got <= 0)
    return;
  if (!code_packet(relay, packet, (size_t)got))
    pass(relay, packet);
  keep_last(history, history->decode.frames, (size_t)got);
}

/* ---- changes ---- */

void oriel_sound_relay_change(struct oriel_sound_relay *relay, struct oriel_resampler *resampler) {
  struct oriel_sound_history *history = relay->history;
  if (!history)
    return;
  for (size_t i = resampler ? history->recent.count : 0; i > 0; i--) {
    struct oriel_packet *packet = oriel_queue_pop(&history->recent);
    oriel_receiver_learn(resampler->receiver, packet->data, packet->size);
    oriel_packet_unref(packet);
  }
  history->warm = false;
  history->last_count = 0;
  oriel_queue_clear(&history->recent);
}

void oriel_sound_relay_return(struct oriel_sound_relay *relay) {
  if (relay->history)
    relay->history->warm = false;
}
