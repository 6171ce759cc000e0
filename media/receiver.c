/* SPDX-License-Identifier: MIT
 *
 * The receiver's network side: packets in, frames into the ring, word of the sender's clock into the mailbox beside it.
 * create, push and reset are the network thread's, pull the data thread's; stats any
 * thread's.
 */
#include "media/receiver.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "media/receiver_impl.h"
#include "media/receiver_pull.h"

enum {
  CHANNELS_MAX = 16,
  RATE_LEAST = 8000,
  RATE_MOST = 192000,
  TARGET_MAX_US = 200 * 1000,
  TARGET_LIMIT_US = 2000 * 1000,
  PULL_MAX = 8192,
  SEQUENCE_WINDOW = 1000, /* packets back or ahead; beyond it somebody began to count anew */
  CONCEALED_PACKETS = 10, /* of one gap; what is longer is a pause */
};
#define STEP_NS 100e6             /* least lateness that is a pause rather than jitter */
#define LONE_NS 40e6              /* one lateness above this is forgiven, two are a pattern */
/* so much later may be one lost packet; more is a pause until it proves to be jitter */
#define LONE_PACKETS 1.5
#define HOLD_NS UINT64_C(15000000000)      /* an eighth of the time that jitter is remembered: two minutes */
#define HOLD_MOST_NS UINT64_C(240000000000) /* after underruns up to half an hour */

static bool config_valid(const struct oriel_receiver_config *config) {
  if (config->target_min_us > TARGET_LIMIT_US || config->target_max_us > TARGET_LIMIT_US ||
      (config->target_max_us && config->target_min_us > config->target_max_us))
    return false;
  if (!config->is_pcm)
    return config->channels == ORIEL_OPUS_CHANNELS && config->rate == ORIEL_OPUS_RATE;
  return config->channels >= 1 && config->channels <= CHANNELS_MAX && config->rate >= RATE_LEAST &&
         config->rate <= RATE_MOST;
}

static void in_restart(struct oriel_receiver *receiver) {
  struct receiver_in *in = &receiver->in;
  in->base = receiver_ring_written(&receiver->ring);
  in->started = false;
  in->held_ns = 0;
  receiver_peak_init(&in->late, HOLD_NS);
  receiver_peak_init(&in->packets, HOLD_NS);
}

int oriel_receiver_create(const struct oriel_receiver_config *config, struct oriel_receiver **receiver) {
  if (!config_valid(config))
    return -EINVAL;
  struct oriel_receiver *made = aligned_alloc(64, (sizeof *made + 63) / 64 * 64);
  if (!made)
    return -ENOMEM;
  memset(made, 0, sizeof *made);
  made->config = *config;
  if (!made->config.target_max_us)
    made->config.target_max_us = TARGET_MAX_US > config->target_min_us ? TARGET_MAX_US : config->target_min_us;
  double step_ns = fmax(made->config.target_max_us * 1e3, STEP_NS);
  /* A target and a pull at their largest, and a second: a longer backlog is not worth keeping. */
  size_t frames = (size_t)config->rate * 5 / 4 + (size_t)(config->rate * (step_ns / 1e9)) + PULL_MAX + PULL_MAX / 64;
  int error = receiver_ring_init(&made->ring, frames, config->channels);
  if (error < 0)
    goto fail_ring;
  error = receiver_decode_init(&made->in.decode, &made->config);
  if (error < 0)
    goto fail_decode;
  error = receiver_pull_init(made);
  if (error < 0)
    goto fail_out;
  receiver_clock_init(&made->in.clock, config->rate, step_ns);
  receiver_clock_init(&made->out.clock, config->rate, STEP_NS);
  in_restart(made);
  receiver_set_double(made, RECEIVER_RATIO, 1);
  *receiver = made;
  return 0;
fail_out:
  receiver_decode_finish(&made->in.decode);
fail_decode:
  receiver_ring_finish(&made->ring);
fail_ring:
  free(made);
  return error;
}

void oriel_receiver_destroy(struct oriel_receiver *receiver) {
  if (!receiver)
    return;
  receiver_pull_finish(receiver);
  receiver_decode_finish(&receiver->in.decode);
  receiver_ring_finish(&receiver->ring);
  free(receiver);
}

static void write_frames(struct oriel_receiver *receiver, size_t count) {
  struct receiver_in *in = &receiver->in;
  in->sent += count;
  if (receiver_ring_space(&receiver->ring) < count) {
    /* Nobody pulls. All in the ring is stale by now: when somebody does, the stream begins with what comes then. */
    in->base = receiver_ring_written(&receiver->ring);
    receiver_count(receiver, RECEIVER_OVERFLOWN, count);
    return;
  }
  receiver_ring_write(&receiver->ring, in->decode.frames, count);
}

static void make_up(struct oriel_receiver *receiver, uint64_t lost, const void *next, size_t size) {
  struct receiver_in *in = &receiver->in;
  receiver_count(receiver, RECEIVER_LOST, lost);
  uint64_t made = lost < CONCEALED_PACKETS ? lost : CONCEALED_PACKETS;
  in->sent += (lost - made) * in->decode.packet_frames;
  for (uint64_t i = 1; i <= made; i++) {
    bool last = i == made && made == lost, recovered = false;
    int count = receiver_decode_lost(&in->decode, last ? next : NULL, last ? size : 0, &recovered);
    write_frames(receiver, (size_t)count);
    receiver_count(receiver, RECEIVER_RECOVERED, recovered);
  }
}

/* Takes how late a packet was as jitter. A sender that leaves silence out (DTX, or any pause) is not late, it has not
 * sent: all that follows is late by one amount, which the clock finds out with the third packet. So an amount waits for
 * what comes next, and counts meanwhile without being remembered; packets that were held up come bunched, each less
 * late than the one before. A single packet's length is taken at once: that may be one that was lost, and more will
 * be. */
static void learn_lateness(struct oriel_receiver *receiver, double late_ns, unsigned alike, bool shifted) {
  struct receiver_in *in = &receiver->in;
  const double packet_ns = (double)in->decode.packet_frames * 1e9 / receiver->config.rate;
  const unsigned now_alike = in->clock.late_count;
  const bool was_pause = shifted && alike + 1 == RECEIVER_CLOCK_ALIKE;
  const bool goes_on = !shifted && now_alike > 1 && now_alike == alike + 1;
  if (was_pause)
    in->held_ns = 0;
  if (!goes_on) {
    receiver_peak_add(&in->late, in->held_ns, in->last_ns);
    in->held_ns = 0;
  }
  if (now_alike > 0 && late_ns > LONE_PACKETS * packet_ns)
    in->held_ns = fmax(in->held_ns, late_ns);
  else
    receiver_peak_add(&in->late, late_ns, in->last_ns);
}

static double expected_lateness(struct oriel_receiver *receiver) {
  struct receiver_in *in = &receiver->in;
  uint64_t underruns = receiver_get(receiver, RECEIVER_UNDERRUNS);
  if (underruns != in->underruns) { /* it was forgotten too soon */
    in->underruns = underruns;
    if (in->late.bucket_ns < HOLD_MOST_NS)
      in->late.bucket_ns *= 2;
  }
  double second, most = receiver_peak_most(&in->late, &second);
  return fmax(fmin(fmax(most, in->held_ns), LONE_NS), second);
}

static void post_line(struct oriel_receiver *receiver) {
  struct receiver_in *in = &receiver->in;
  const struct receiver_clock *clock = &in->clock;
  double jitter_ns = expected_lateness(receiver);
  const struct receiver_line line = {
    .base = in->base,
    .frame = receiver_ring_written(&receiver->ring) - (in->sent - clock->frame),
    .ns = clock->ns,
    .offset_ns = clock->offset_ns,
    .period_ns = clock->period_ns,
    .uncertainty = receiver_clock_uncertainty(clock),
    .packet_frames = receiver_peak_most(&in->packets, NULL),
    .jitter_ns = jitter_ns,
    .shifts = clock->shifts,
    .blocks = clock->rate_blocks,
    .valid = clock->anchored,
  };
  receiver_ring_post(&receiver->ring, &line);
  receiver_set(receiver, RECEIVER_JITTER_NS, (uint64_t)jitter_ns);
}

int oriel_receiver_push(struct oriel_receiver *receiver, const void *packet, size_t size, uint64_t sequence,
                        uint64_t arrived_ns) {
  struct receiver_in *in = &receiver->in;
  in->peak = 0;
  in->last_ns = arrived_ns > in->last_ns ? arrived_ns : in->last_ns;
  receiver_count(receiver, RECEIVER_PACKETS, 1);
  receiver_set(receiver, RECEIVER_LAST_NS, in->last_ns ? in->last_ns : 1);
  if (in->started) {
    int64_t gap = (int64_t)(sequence - in->next_sequence);
    if (gap < 0 && gap > -SEQUENCE_WINDOW)
      return 0; /* came too late or twice: its place is taken */
    if (gap > 0 && gap < SEQUENCE_WINDOW)
      make_up(receiver, (uint64_t)gap, packet, size);
  }
  in->started = true;
  in->next_sequence = sequence + 1;
  int count = receiver_decode_packet(&in->decode, packet, size);
  if (count < 0) {
    bool recovered = false;
    receiver_count(receiver, RECEIVER_BAD, 1);
    int made = receiver_decode_lost(&in->decode, NULL, 0, &recovered);
    write_frames(receiver, (size_t)made);
    return count;
  }
  for (size_t i = 0; i < (size_t)count * receiver->config.channels; i++)
    in->peak = fmaxf(in->peak, fabsf(in->decode.frames[i]));
  write_frames(receiver, (size_t)count);
  const uint32_t shifts = in->clock.shifts;
  const unsigned alike = in->clock.late_count;
  const double late_ns = receiver_clock_observe(&in->clock, in->sent, in->last_ns);
  learn_lateness(receiver, late_ns, alike, in->clock.shifts != shifts);
  receiver_peak_add(&in->packets, count, in->last_ns);
  post_line(receiver);
  return 0;
}

float oriel_receiver_pushed_peak(const struct oriel_receiver *receiver) {
  return receiver->in.peak;
}

void oriel_receiver_idle(struct oriel_receiver *receiver) {
  in_restart(receiver);
  receiver_clock_reset(&receiver->in.clock);
  post_line(receiver);
}

void oriel_receiver_learn(struct oriel_receiver *receiver, const void *packet, size_t size) {
  (void)receiver_decode_packet(&receiver->in.decode, packet, size);
}

void oriel_receiver_reset(struct oriel_receiver *receiver) {
  receiver_decode_reset(&receiver->in.decode);
  oriel_receiver_idle(receiver);
}

static double get_double(const struct oriel_receiver *receiver, enum receiver_counter which) {
  uint64_t bits = receiver_get(receiver, which);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void oriel_receiver_stats(const struct oriel_receiver *receiver, struct oriel_receiver_stats *stats) {
  *stats = (struct oriel_receiver_stats){
    .packets = receiver_get(receiver, RECEIVER_PACKETS),
    .bad_packets = receiver_get(receiver, RECEIVER_BAD),
    .lost_packets = receiver_get(receiver, RECEIVER_LOST),
    .recovered_packets = receiver_get(receiver, RECEIVER_RECOVERED),
    .concealed_frames = receiver_get(receiver, RECEIVER_CONCEALED),
    .silent_frames = receiver_get(receiver, RECEIVER_SILENT),
    .trimmed_frames = receiver_get(receiver, RECEIVER_TRIMMED) + receiver_get(receiver, RECEIVER_OVERFLOWN),
    .underruns = receiver_get(receiver, RECEIVER_UNDERRUNS),
    .target_us = (uint32_t)receiver_get(receiver, RECEIVER_TARGET_US),
    .level_us = (uint32_t)receiver_get(receiver, RECEIVER_LEVEL_US),
    .jitter_us = (uint32_t)(receiver_get(receiver, RECEIVER_JITTER_NS) / 1000),
    .drift_ppm = get_double(receiver, RECEIVER_DRIFT),
    .ratio = get_double(receiver, RECEIVER_RATIO),
    .locked = receiver_get(receiver, RECEIVER_LOCKED),
    .last_packet_ns = receiver_get(receiver, RECEIVER_LAST_NS),
  };
}

size_t oriel_receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns) {
  return receiver_pull(receiver, frames, count, now_ns);
}
