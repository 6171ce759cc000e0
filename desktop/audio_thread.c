/* SPDX-License-Identifier: MIT
 *
 * The audio thread: frames from the source's thread through a lock-free ring -> Opus -> hub. Woken by data, never by a
 * poll (lesson 30); asleep while nobody listens.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/private.h"

enum {
  RING_FRAMES = 65536,
  BACKLOG_FRAMES = ORIEL_OPUS_RATE * 60 / 1000, /* more than this waits: trim (lesson 27) */
  FRAME_MAX = ORIEL_OPUS_RATE * 20 / 1000,
};
static const uint64_t gap_ns = 100 * ORIEL_NS_PER_MS;  /* a jump in capture times: sound stopped and began again */
static const uint64_t tail_ns = 60 * ORIEL_NS_PER_MS;  /* sound stopped: the last part of a frame is padded and sent */

static const uint64_t ahead_ns = 800 * ORIEL_NS_PER_MS; /* so much may come at once, after a source stood still */

static uint64_t frames_ns(uint64_t frames) {
  return frames * ORIEL_NS_PER_SECOND / ORIEL_OPUS_RATE;
}

int oriel_audio_init(struct oriel_audio *audio, unsigned frame_ms) {
  audio->packet_frames = ORIEL_OPUS_RATE / 1000 * frame_ms;
  int error = oriel_ring_create(RING_FRAMES, ORIEL_OPUS_CHANNELS, &audio->ring);
  if (error)
    return error;
  if (sem_init(&audio->data, 0, 0)) {
    oriel_ring_destroy(audio->ring);
    return -ENOMEM;
  }
  return 0;
}

void oriel_audio_finish(struct oriel_audio *audio) {
  oriel_opus_encoder_destroy(audio->encoder);
  sem_destroy(&audio->data);
  oriel_ring_destroy(audio->ring);
}

void oriel_audio_post(struct oriel_audio *audio) {
  /* acq_rel with the exchange in oriel_audio_thread: who sees true knows that a look at the ring is still to come. */
  if (!atomic_exchange_explicit(&audio->signalled, true, memory_order_acq_rel))
    sem_post(&audio->data);
}

void oriel_audio_want(struct oriel_audio *audio, bool wanted) {
  if (atomic_load(&audio->wanted) == wanted)
    return;
  if (wanted)
    atomic_store(&audio->flush, true);
  atomic_store(&audio->wanted, wanted);
}

void oriel_audio_stop(struct oriel_audio *audio) {
  atomic_store(&audio->stopping, true);
  sem_post(&audio->data);
}

/* ---- the source's thread ---- */

static void mark(struct oriel_audio *audio, uint64_t captured_ns) {
  unsigned head = atomic_load_explicit(&audio->marks_head, memory_order_relaxed); /* only this thread writes it */
  /* acquire with the consumer's release of marks_tail: the slot is free to reuse */
  if (head - atomic_load_explicit(&audio->marks_tail, memory_order_acquire) >= ORIEL_MARKS)
    return; /* times go on from the mark before */
  struct oriel_mark *slot = &audio->marks[head % ORIEL_MARKS];
  atomic_store_explicit(&slot->index, audio->written, memory_order_relaxed); /* published by marks_head */
  atomic_store_explicit(&slot->ns, captured_ns, memory_order_relaxed);       /* published by marks_head */
  atomic_store_explicit(&audio->marks_head, head + 1, memory_order_release); /* with the acquire in next_mark */
}

/* Whether frames may be taken: sound comes in real time, but for a backlog. A source that says more is not followed, as
 * each packet would be encoded and sent to everybody. */
static bool affordable(struct oriel_audio *audio, size_t count, uint64_t now_ns) {
  uint64_t from_ns = audio->sounded_ns > now_ns ? audio->sounded_ns : now_ns;
  if (from_ns - now_ns >= ahead_ns)
    return false;
  /* a quarter faster than real time is a clock's or a backlog's */
  audio->sounded_ns = from_ns + frames_ns(count) * 4 / 5;
  return true;
}

void oriel_audio_write(struct oriel_audio *audio, const float *frames, size_t count, uint64_t captured_ns) {
  if (!atomic_load(&audio->wanted) || !count)
    return;
  if (!affordable(audio, count, oriel_clock_ns())) {
    atomic_fetch_add_explicit(&audio->overruns, 1, memory_order_relaxed); /* a counter alone */
    return;
  }
  if (atomic_exchange(&audio->flush, false))
    atomic_store(&audio->flushed, audio->written);
  mark(audio, captured_ns);
  size_t fitted = oriel_ring_write(audio->ring, frames, count);
  audio->written += fitted;
  if (fitted < count)
    atomic_fetch_add_explicit(&audio->overruns, 1, memory_order_relaxed); /* a counter alone */
  /* acq_rel with the exchange in disarm: either this sees that the thread is about to sleep without a limit, or the
   * thread sees the frames just written. Adding 0 is a read-modify-write, so that the two cannot pass each other. */
  bool armed = atomic_fetch_add_explicit(&audio->armed, 0, memory_order_acq_rel);
  if (!armed || oriel_ring_level(audio->ring) >= audio->packet_frames)
    oriel_audio_post(audio);
}

/* ---- the audio thread ---- */

static bool next_mark(struct oriel_audio *audio, uint64_t *index, uint64_t *ns) {
  unsigned tail = atomic_load_explicit(&audio->marks_tail, memory_order_relaxed); /* only this thread writes it */
  /* acquire with the producer's release in mark */
  if (tail == atomic_load_explicit(&audio->marks_head, memory_order_acquire))
    return false;
  const struct oriel_mark *slot = &audio->marks[tail % ORIEL_MARKS];
  *index = atomic_load_explicit(&slot->index, memory_order_relaxed);
  *ns = atomic_load_explicit(&slot->ns, memory_order_relaxed);
  return true;
}

static void drop_mark(struct oriel_audio *audio) {
  unsigned tail = atomic_load_explicit(&audio->marks_tail, memory_order_relaxed); /* only this thread writes it */
  atomic_store_explicit(&audio->marks_tail, tail + 1, memory_order_release); /* with the producer's acquire in mark */
}

/* Makes the newest mark at or before the reading position the current one. */
static void settle_marks(struct oriel_audio *audio) {
  uint64_t index, ns;
  while (next_mark(audio, &index, &ns) && index <= audio->read) {
    audio->mark_index = index;
    audio->mark_ns = ns;
    drop_mark(audio);
  }
}

static void skip_frames(struct oriel_audio *audio, size_t count) {
  audio->read += oriel_ring_skip(audio->ring, count);
  settle_marks(audio);
}

/* Frames of the next packet that belong together: fewer than `frames` when sound stopped within and began again. */
static size_t coherent_frames(struct oriel_audio *audio, size_t frames) {
  uint64_t index, ns;
  if (!next_mark(audio, &index, &ns) || index >= audio->read + frames)
    return frames;
  uint64_t expected = audio->mark_ns + frames_ns(index - audio->mark_index);
  return ns > expected + gap_ns ? (size_t)(index - audio->read) : frames;
}

void oriel_audio_encode(struct oriel_desktop *desktop, const float *frames, uint64_t captured_ns) {
  struct oriel_packet *packet = NULL;
  int error = -ENOMEM;
  if (desktop->audio.encoder)
    error = oriel_opus_encode(desktop->audio.encoder, frames, captured_ns, &packet);
  if (error) {
    oriel_debug("desktop", "a sound packet could not be encoded: %s", strerror(-error));
    return;
  }
  packet->encoded_ns = oriel_clock_ns();
  oriel_channel_publish_sound(desktop, packet);
}

void oriel_audio_renew(struct oriel_desktop *desktop) {
  struct oriel_audio *audio = &desktop->audio;
  oriel_opus_encoder_destroy(audio->encoder);
  audio->encoder = NULL;
  if (oriel_opus_encoder_create(desktop->config.opus_frame_ms, desktop->config.opus_kbps, &audio->encoder))
    oriel_error("desktop", "no memory for the sound encoder; the desktop is silent");
}

size_t oriel_audio_take(struct oriel_audio *audio, float *frames, size_t count) {
  const size_t got = oriel_ring_read(audio->ring, frames, count);
  audio->read += got;
  settle_marks(audio);
  return got;
}

/* Encodes `count` frames from the ring, padded with silence to a whole packet (lesson 25). */
static void encode(struct oriel_desktop *desktop, size_t count) {
  struct oriel_audio *audio = &desktop->audio;
  float frames[FRAME_MAX * ORIEL_OPUS_CHANNELS];
  uint64_t captured = audio->mark_ns + frames_ns(audio->read - audio->mark_index);
  size_t whole = audio->packet_frames;
  size_t got = oriel_audio_take(audio, frames, count);
  memset(frames + got * ORIEL_OPUS_CHANNELS, 0, (whole - got) * ORIEL_OPUS_CHANNELS * sizeof frames[0]);
  oriel_sound_code(desktop, frames, captured);
}

static void trim(struct oriel_audio *audio) {
  settle_marks(audio);
  size_t level = oriel_ring_level(audio->ring);
  if (level > BACKLOG_FRAMES) {
    skip_frames(audio, level - BACKLOG_FRAMES);
    atomic_fetch_add_explicit(&audio->overruns, 1, memory_order_relaxed); /* a counter alone */
  }
}

/* Encodes what is whole. */
static void drain(struct oriel_desktop *desktop) {
  struct oriel_audio *audio = &desktop->audio;
  size_t level, whole = audio->packet_frames;
  trim(audio);
  while ((level = oriel_ring_level(audio->ring)) > 0) {
    size_t count = coherent_frames(audio, whole);
    if (count == whole && level < whole)
      return;
    encode(desktop, count);
  }
}

/* Hands on what came, from the input whose turn it is. */
static void turn(struct oriel_desktop *desktop) {
  struct oriel_audio *audio = &desktop->audio;
  struct oriel_sound *sound = &desktop->sound;
  const uint64_t there = audio->read + oriel_ring_level(audio->ring);
  const uint64_t fresh = there > sound->device_seen ? there - sound->device_seen : 0;
  sound->device_seen = there;
  oriel_sound_turn(desktop, fresh);
  if (oriel_sound_device_is_direct(sound)) {
    drain(desktop);
    return;
  }
  trim(audio);
  oriel_sound_take_device(desktop);
}

/* Waits for a post, until `at_ns` where that is not 0. False when that time has come. */
static bool wait_data(struct oriel_audio *audio, uint64_t at_ns) {
  const struct timespec at = {
    .tv_sec = (time_t)(at_ns / ORIEL_NS_PER_SECOND), .tv_nsec = (long)(at_ns % ORIEL_NS_PER_SECOND),
  };
  int result;
  do
    result = at_ns ? sem_clockwait(&audio->data, CLOCK_MONOTONIC, &at) : sem_wait(&audio->data);
  while (result && errno == EINTR);
  return result == 0;
}

/* The next frames are posted at once again. */
static void disarm(struct oriel_audio *audio) {
  atomic_exchange_explicit(&audio->armed, 0, memory_order_acq_rel); /* with the addition in oriel_audio_write */
}

/* Sound stopped: sends the part of a packet that is left. */
static void finish_tail(struct oriel_desktop *desktop) {
  struct oriel_audio *audio = &desktop->audio;
  disarm(audio);
  size_t level = oriel_ring_level(audio->ring);
  oriel_sound_rest(desktop);
  if (level >= audio->packet_frames || !oriel_sound_device_is_direct(&desktop->sound))
    turn(desktop);
  else if (level > 0)
    encode(desktop, level);
}

/* Takes what the source wrote. Returns true while sound flows. */
static bool take_sound(struct oriel_desktop *desktop) {
  struct oriel_audio *audio = &desktop->audio;
  uint64_t flushed = atomic_load(&audio->flushed);
  if (!audio->encoder && atomic_load(&audio->wanted) &&
      oriel_opus_encoder_create(desktop->config.opus_frame_ms, desktop->config.opus_kbps, &audio->encoder))
    oriel_error("desktop", "no memory for the sound encoder; the desktop is silent");
  if (!audio->encoder || !atomic_load(&audio->wanted)) {
    disarm(audio);
    skip_frames(audio, RING_FRAMES);
    return false;
  }
  if (flushed > audio->read)
    skip_frames(audio, flushed - audio->read);
  atomic_store_explicit(&audio->armed, 1, memory_order_relaxed); /* late or early, it costs at most one post */
  turn(desktop);
  return true;
}

void *oriel_audio_thread(void *argument) {
  struct oriel_desktop *desktop = argument;
  struct oriel_audio *audio = &desktop->audio;
  uint64_t tail_at_ns = 0; /* 0 = no sound flows */
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-audio");
#endif
  for (;;) {
    const uint64_t due_ns = oriel_sound_due(&desktop->sound);
    const bool posted = wait_data(audio, due_ns && (!tail_at_ns || due_ns < tail_at_ns) ? due_ns : tail_at_ns);
    if (posted)
      atomic_exchange_explicit(&audio->signalled, false,
                               memory_order_acq_rel); /* with the exchange in oriel_audio_post */
    if (atomic_load(&audio->stopping))
      return NULL;
    if (posted) {
      tail_at_ns = take_sound(desktop) ? oriel_clock_ns() + tail_ns : 0;
    } else if (tail_at_ns && oriel_clock_ns() >= tail_at_ns) {
      finish_tail(desktop);
      tail_at_ns = 0;
    }
    oriel_sound_tick(desktop);
  }
}
