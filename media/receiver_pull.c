/* SPDX-License-Identifier: MIT
 *
 * The receiver's data side: frames out of the ring at the consumer's pace. All but init and finish is the data
 * thread's: no lock, no allocation, no system call, no log.
 */
#include "media/receiver_pull.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "media/fade.h"
#include "media/receiver_impl.h"

#define FADE_S 5e-3          /* every seam */
#define MARGIN_S 1e-3        /* beyond what was measured: what a clock's estimate may be off, and a late thread */
#define FALL_PER_S 2e-3      /* a target that comes down takes its time: the ratio follows unheard */
#define EXCESS_S 30e-3       /* more than this above the target is cut, less is worn off by the ratio */
#define SLACK_S 0.2e-3       /* below the target, yet good enough to start */
#define LOCKED_S 0.25e-3
#define HOMING_PACE 85899u   /* 20 ppm of 2^32 */
#define PAUSE_NS UINT64_C(100000000) /* silence of so long lies between two sounds */
#define QUARTER_NS UINT64_C(250000000)
#define EIGHTH_NS UINT64_C(125000000)
#define HOLD_NS UINT64_C(15000000000) /* as for jitter, see receiver.c */

enum { LOCKED_BLOCKS = 11 }; /* of a clock: five seconds */

/* What one pull knows. In frames of the sender where not said otherwise. */
struct moment {
  size_t count;     /* frames asked for */
  uint64_t written;
  bool valid;       /* the sender's clock is known */
  double owed;      /* how far its clock is ahead of the ring when the first frame is due */
  double per_frame; /* frames of the sender to one of ours, by the clocks */
  double uncertainty;
};

int receiver_pull_init(struct oriel_receiver *receiver) {
  struct receiver_out *out = &receiver->out;
  unsigned channels = receiver->config.channels;
  out->tail_frames = out->tail_at = (size_t)(receiver->config.rate * FADE_S);
  out->tail = calloc(out->tail_frames * channels, sizeof(float));
  if (!out->tail)
    return -ENOMEM;
  int error = receiver_resampler_init(&out->resampler, channels);
  if (error < 0)
    goto fail_resampler;
  error = receiver_conceal_init(&out->conceal, channels, receiver->config.rate);
  if (error < 0)
    goto fail_conceal;
  receiver_control_init(&out->control);
  receiver_peak_init(&out->pulls, HOLD_NS);
  receiver_peak_init(&out->owed, HOLD_NS);
  out->base = out->resampler.position = RECEIVER_RING_FIRST;
  out->spare_now = out->spare_before = 0;
  return 0;
fail_conceal:
  receiver_resampler_finish(&out->resampler);
fail_resampler:
  free(out->tail);
  return error;
}

void receiver_pull_finish(struct oriel_receiver *receiver) {
  receiver_conceal_finish(&receiver->out.conceal);
  receiver_resampler_finish(&receiver->out.resampler);
  free(receiver->out.tail);
}

/* ---- sound ---- */

/* Where nothing needs correction, glides to a whole position: from there on samples pass untouched. Returns how many of
 * `count` frames may be read at this pace. */
static size_t home(struct receiver_resampler *resampler, double ratio, size_t count) {
  resampler->pace = (uint64_t)llround(ratio * 0x1p32);
  if (resampler->pace != RECEIVER_PACE_ONE || resampler->fraction == 0)
    return count;
  bool up = resampler->fraction >= UINT32_C(1) << 31;
  uint32_t distance = up ? 0 - resampler->fraction : resampler->fraction;
  if (distance < HOMING_PACE) {
    resampler->position += up;
    resampler->fraction = 0;
    return count;
  }
  resampler->pace = up ? RECEIVER_PACE_ONE + HOMING_PACE : RECEIVER_PACE_ONE - HOMING_PACE;
  return distance / HOMING_PACE < count ? distance / HOMING_PACE : count;
}

static void mix_tail(struct receiver_out *out, unsigned channels, float *frames, size_t count) {
  for (size_t i = 0; i < count && out->tail_at < out->tail_frames; i++, out->tail_at++) {
    float weight = oriel_fade_weight(out->tail_at, out->tail_frames);
    for (size_t channel = 0; channel < channels; channel++) {
      float before = out->tail[out->tail_at * channels + channel], *sample = &frames[i * channels + channel];
      *sample = before + (*sample - before) * weight;
    }
  }
}

/* Gives 1..count frames of whatever the state says; returns how many. */
static size_t produce(struct oriel_receiver *receiver, float *frames, size_t count) {
  struct receiver_out *out = &receiver->out;
  unsigned channels = receiver->config.channels;
  if (out->state == RECEIVER_PLAYING) {
    size_t wanted = home(&out->resampler, out->control.ratio, count);
    size_t ready = receiver_resampler_ready(&out->resampler, out->limit, wanted);
    if (ready == 0) { /* the last few are not interpolated, for nothing is behind them: or they would stay till then */
      out->resampler.fraction = 0;
      out->resampler.pace = RECEIVER_PACE_ONE;
      ready = receiver_resampler_ready(&out->resampler, out->limit, count);
    }
    if (ready > 0) {
      receiver_resampler_read(&out->resampler, &receiver->ring, frames, ready);
      count = ready;
    } else {
      out->state = RECEIVER_CONCEALING;
      out->dry_ns = out->last_ns;
      receiver_conceal_begin(&out->conceal);
    }
  }
  if (out->state == RECEIVER_CONCEALING) {
    receiver_conceal_render(&out->conceal, frames, count);
    if (receiver_conceal_is_over(&out->conceal))
      out->state = RECEIVER_WAITING;
  } else if (out->state == RECEIVER_WAITING) {
    memset(frames, 0, count * channels * sizeof *frames);
  }
  mix_tail(out, channels, frames, count);
  receiver_conceal_heard(&out->conceal, frames, count);
  return count;
}

/* What follows will not join what was: keeps how that would have gone on, to fade it out over what follows. */
static void seam(struct oriel_receiver *receiver) {
  struct receiver_out *out = &receiver->out;
  if (out->tail_at == 0)
    return; /* just made, not heard yet */
  unsigned channels = receiver->config.channels;
  float chunk[RECEIVER_CHUNK * 16];
  /* Into a chunk first, since producing mixes in the old tail; the new one never overtakes it. */
  for (size_t made = 0; made < out->tail_frames;) {
    size_t left = out->tail_frames - made;
    size_t count = produce(receiver, chunk, left < RECEIVER_CHUNK ? left : RECEIVER_CHUNK);
    memcpy(out->tail + made * channels, chunk, count * channels * sizeof *chunk);
    made += count;
  }
  receiver_conceal_forget(&out->conceal, out->tail_frames);
  out->tail_at = 0;
}

static void stop(struct oriel_receiver *receiver) {
  seam(receiver);
  receiver->out.state = RECEIVER_WAITING;
  receiver->out.dry_ns = receiver->out.last_ns;
}

static double level(const struct receiver_out *out, const struct moment *moment) {
  return moment->owed + (double)(int64_t)(moment->written - out->resampler.position) -
         out->resampler.fraction * 0x1p-32;
}

static double needed(const struct receiver_out *out, size_t count) {
  return (double)count * out->control.ratio + RECEIVER_AFTER + 1;
}

/* True where what begins is a sound, not the rest of one: it is heard from its first sample. */
static bool is_beginning(const struct oriel_receiver *receiver) {
  const struct receiver_out *out = &receiver->out;
  return out->state == RECEIVER_WAITING && out->last_ns - out->dry_ns > PAUSE_NS;
}

/* How many of `left` frames, `done` into the pull, are before the one at which the level will be the target: a start
 * that is looked for between pulls alone would skip up to a pull's worth of the beginning. At least 1. */
static size_t until_start(const struct oriel_receiver *receiver, const struct moment *moment, size_t done,
                          size_t left) {
  const struct receiver_out *out = &receiver->out;
  if (!is_beginning(receiver) || !moment->valid)
    return left;
  double missing = ceil((out->target - level(out, moment)) / moment->per_frame - (double)done);
  if (missing >= (double)left || missing <= 0)
    return left;
  return (size_t)fmax(missing, 1);
}

/* Starts where the level is the target, `done` frames into the pull, if enough for the rest of it is there; or where
 * that has been so for another target's length and no more came: then that was the whole sound. */
static void try_start(struct oriel_receiver *receiver, const struct moment *moment, size_t done) {
  struct receiver_out *out = &receiver->out;
  if (!moment->valid)
    return;
  double have = (double)(int64_t)(moment->written - out->resampler.position);
  double need = needed(out, moment->count - done);
  double above = level(out, moment) + (double)done * moment->per_frame - out->target;
  double skip = fmax(floor(above), 0);
  if (above < (is_beginning(receiver) ? 0 : -SLACK_S * receiver->config.rate))
    return;
  /* Should the sender's line promise what is not there, the ring itself may hold a target's worth. */
  if (have - skip < need)
    skip = have - out->target;
  const bool whole = above > out->target && have > 0 && have < need;
  if (whole)
    skip = 0;
  else if (skip < 0 || have - skip < need)
    return;
  seam(receiver);
  receiver_count(receiver, RECEIVER_TRIMMED, (uint64_t)skip);
  out->resampler.position += (uint64_t)skip;
  out->resampler.fraction = 0;
  out->state = RECEIVER_PLAYING;
  out->spare_now = out->spare_before = 0;
  receiver_control_restart(&out->control);
}

/* ---- measuring ---- */

/* Another stream, or the ring overflowed: all before `base` is over. */
static void take_base(struct oriel_receiver *receiver, const struct receiver_line *line, uint64_t written) {
  struct receiver_out *out = &receiver->out;
  out->limit = line->base;
  if (out->state != RECEIVER_WAITING)
    stop(receiver);
  receiver_count(receiver, RECEIVER_TRIMMED, line->base - (out->resampler.position < line->base
                                                             ? out->resampler.position : line->base));
  out->base = out->resampler.position = line->base;
  out->resampler.fraction = 0;
  out->limit = written;
}

/* How far the ring falls behind the sender's clock at its worst. Believed after another quarter second in which nothing
 * stalled: on the way into a stall every value is passed. */
static void measure_owed(struct oriel_receiver *receiver, double owed, uint32_t shifts, uint64_t now_ns) {
  struct receiver_out *out = &receiver->out;
  if (owed > receiver->config.target_max_us * 1e-6 * receiver->config.rate || shifts != out->shifts) {
    out->owed_now = out->owed_before = 0;
    out->quarter_ns = now_ns + QUARTER_NS;
    out->shifts = shifts;
    return;
  }
  out->owed_now = fmax(out->owed_now, owed);
  if (now_ns >= out->quarter_ns) {
    receiver_peak_add(&out->owed, out->owed_before, now_ns);
    out->owed_always = fmin(out->owed_now, out->owed_before);
    out->owed_before = out->owed_now;
    out->owed_now = 0;
    out->quarter_ns = now_ns + QUARTER_NS;
  }
}

static void set_target(struct oriel_receiver *receiver, const struct receiver_line *line, size_t count) {
  struct receiver_out *out = &receiver->out;
  double rate = receiver->config.rate;
  double second, most = receiver_peak_most(&out->owed, &second);
  /* more than this, once, is forgiven as in receiver.c */
  double lone = out->owed_always + line->packet_frames + 40e-3 * rate;
  double owed = fmax(fmin(most, lone), second);
  double own = receiver_peak_most(&out->pulls, NULL) * 1.005 + RECEIVER_AFTER + 1 + MARGIN_S * rate;
  double target = fmax(line->packet_frames + line->jitter_ns * 1e-9 * rate, owed) + own;
  target = fmax(target, receiver->config.target_min_us * 1e-6 * rate);
  target = fmin(target, fmax(receiver->config.target_max_us * 1e-6 * rate, line->packet_frames + own));
  double least = out->target - FALL_PER_S * (double)count;
  out->target = out->state == RECEIVER_PLAYING ? fmax(target, least) : target;
}

/* Whether a backlog stands above the target that no pull of the last eighth of a second touched. */
static bool has_backlog(struct oriel_receiver *receiver, double error, double spare, uint64_t now_ns) {
  struct receiver_out *out = &receiver->out;
  bool has = error > EXCESS_S * receiver->config.rate && fmin(out->spare_now, out->spare_before) > error * 0.9 &&
             spare > error;
  out->spare_now = fmin(out->spare_now, spare);
  if (now_ns >= out->eighth_ns) {
    out->spare_before = out->spare_now;
    out->spare_now = spare;
    out->eighth_ns = now_ns + EIGHTH_NS;
  }
  return has;
}

static void follow_clocks(struct oriel_receiver *receiver, const struct moment *moment, uint64_t now_ns) {
  struct receiver_out *out = &receiver->out;
  double rate = receiver->config.rate, error = level(out, moment) - out->target;
  if (out->state == RECEIVER_PLAYING) {
    double have = (double)(int64_t)(moment->written - out->resampler.position);
    if (has_backlog(receiver, error, have - needed(out, moment->count), now_ns)) {
      stop(receiver);
    } else {
      double drift = moment->per_frame - 1;
      receiver_control_step(&out->control, drift, moment->uncertainty, error / rate, (double)moment->count / rate);
    }
  }
}

static void publish(struct oriel_receiver *receiver, const struct moment *moment, unsigned blocks) {
  struct receiver_out *out = &receiver->out;
  double rate = receiver->config.rate, error_s = out->control.error_s;
  bool playing = out->state == RECEIVER_PLAYING;
  double depth_s = playing ? fmax(out->target / rate + error_s, 0)
                           : (double)(int64_t)(moment->written - out->resampler.position) / rate;
  receiver_set(receiver, RECEIVER_TARGET_US, (uint64_t)(out->target / rate * 1e6));
  receiver_set(receiver, RECEIVER_LEVEL_US, (uint64_t)(depth_s * 1e6));
  receiver_set_double(receiver, RECEIVER_DRIFT, (moment->per_frame - 1) * 1e6);
  receiver_set_double(receiver, RECEIVER_RATIO, out->control.ratio);
  receiver_set(receiver, RECEIVER_LOCKED, playing && moment->valid && blocks >= LOCKED_BLOCKS &&
                                            out->clock.rate_blocks >= LOCKED_BLOCKS && fabs(error_s) < LOCKED_S);
}

/* Takes in what the network thread left and when this pull is. */
static struct moment look(struct oriel_receiver *receiver, size_t count, uint64_t now_ns) {
  struct receiver_out *out = &receiver->out;
  struct moment moment = {.count = count, .per_frame = 1, .uncertainty = 1};
  /* First how far the ring is written, then the line: a new base is posted before anything behind it is written. */
  moment.written = receiver_ring_written(&receiver->ring);
  const struct receiver_line *line = receiver_ring_line(&receiver->ring);
  out->limit = moment.written;
  if (line->base > out->base)
    take_base(receiver, line, moment.written > line->base ? moment.written : line->base);
  moment.written = out->limit;
  bool paused = out->clock.anchored && -receiver_clock_due(&out->clock, out->pulled, now_ns) > out->clock.step_ns;
  receiver_clock_observe(&out->clock, out->pulled, now_ns);
  receiver_peak_add(&out->pulls, (double)count, now_ns);
  if (paused && out->state == RECEIVER_PLAYING)
    stop(receiver); /* what waited meanwhile is stale */
  moment.valid = line->valid;
  if (!line->valid)
    return moment;
  double due_ns = receiver_clock_due(&out->clock, out->pulled, now_ns);
  moment.owed = (double)(int64_t)(line->frame - moment.written) +
                ((double)(int64_t)(now_ns - line->ns) + due_ns - line->offset_ns) / line->period_ns;
  moment.per_frame = out->clock.period_ns / line->period_ns;
  moment.uncertainty = line->uncertainty + receiver_clock_uncertainty(&out->clock);
  measure_owed(receiver, moment.owed, line->shifts + out->clock.shifts, now_ns);
  set_target(receiver, line, count);
  follow_clocks(receiver, &moment, now_ns);
  publish(receiver, &moment, line->blocks);
  return moment;
}

size_t receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns) {
  struct receiver_out *out = &receiver->out;
  out->last_ns = now_ns > out->last_ns ? now_ns : out->last_ns;
  struct moment moment = look(receiver, count, out->last_ns);
  size_t sound = 0;
  for (size_t done = 0; done < count;) {
    if (out->state != RECEIVER_PLAYING)
      try_start(receiver, &moment, done);
    bool played = out->state == RECEIVER_PLAYING;
    size_t left = until_start(receiver, &moment, done, count - done);
    size_t made = produce(receiver, frames + done * receiver->config.channels,
                          left < RECEIVER_CHUNK ? left : RECEIVER_CHUNK);
    if (out->state == RECEIVER_PLAYING)
      sound += made;
    else if (played || out->state == RECEIVER_CONCEALING)
      receiver_count(receiver, RECEIVER_CONCEALED, made);
    else
      receiver_count(receiver, RECEIVER_SILENT, made);
    if (played && out->state != RECEIVER_PLAYING)
      receiver_count(receiver, RECEIVER_UNDERRUNS, 1);
    done += made;
  }
  out->pulled += count;
  receiver_ring_release(&receiver->ring, out->resampler.position - RECEIVER_BEFORE - 1);
  return sound;
}
