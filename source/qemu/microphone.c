/* SPDX-License-Identifier: MIT
 *
 * The microphone's way to QEMU: packets -> receiver -> a ring on this host's clock -> the voices that read. The ring
 * lets several recorders hear the same (lesson 25: a FIFO would share the samples out among them).
 */
#include "source/qemu/microphone.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/opus.h"
#include "media/receiver.h"
#include "source/qemu/voice.h"

enum {
  VOICES_MAX = ORIEL_QEMU_VOICES_MAX,
  PULL_MAX = 1024,           /* frames taken from the receiver at once */
  DELAY_MAX_US = 120 * 1000, /* of the jitter buffer's target */
  JUMP_MAX = 64,             /* packets that may be missing; more, or a step back, is another stream */
};

/* Of silence at the end. QEMU's buffer is 480 frames of any rate, unless its nsamples= says more. */
enum { QUIET_FRAMES = 960 };
static const uint64_t FLOWING_NS = 200 * ORIEL_NS_PER_MS;

struct oriel_qemu_microphone {
  struct oriel_receiver *receiver;
  atomic_bool recording; /* a voice reads: packets are worth keeping */
  atomic_bool muting;
  gint sounding; /* atomic: while muting, whether a voice has something else than silence to be repeated */
  /* The pushing thread only. */
  bool fresh;            /* the next packet begins a stream */
  uint32_t last;         /* sequence of the newest packet */
  uint64_t sequence;     /* the same, for the receiver */
  /* What was reported. */
  pthread_mutex_t lock; /* guards these, and keeps reports in order */
  const struct oriel_source_sink *sink;
  bool available, taken;
  enum oriel_microphone_use use;
  /* The listener's thread only. */
  struct oriel_qemu_voice_place places[VOICES_MAX];
  struct oriel_qemu_voice *voices[VOICES_MAX]; /* in these places */
  bool running;      /* the ring has a beginning */
  uint64_t base_ns;  /* when frame 0 of the ring was due */
  struct oriel_qemu_ring ring;
  uint8_t answer[ORIEL_QEMU_READ_MAX];
  uint64_t logged_ns;
};

/* --- reports ------------------------------------------------------------------------------------------------------ */

static void report_locked(struct oriel_qemu_microphone *microphone) {
  const enum oriel_microphone_use use = !microphone->available ? ORIEL_MICROPHONE_NOWHERE
                                        : microphone->taken    ? ORIEL_MICROPHONE_TAKEN
                                                               : ORIEL_MICROPHONE_READY;
  if (use == microphone->use)
    return;
  microphone->use = use;
  if (microphone->sink && microphone->sink->microphone)
    microphone->sink->microphone(microphone->sink->user, use);
}

void oriel_qemu_microphone_attach(struct oriel_qemu_microphone *microphone, const struct oriel_source_sink *sink) {
  microphone->sink = sink;
}

void oriel_qemu_microphone_available(struct oriel_qemu_microphone *microphone, bool available) {
  pthread_mutex_lock(&microphone->lock);
  microphone->available = available;
  report_locked(microphone);
  pthread_mutex_unlock(&microphone->lock);
}

/* A voice began or ended to record. */
static void count_takers(struct oriel_qemu_microphone *microphone) {
  bool taken = false;
  for (int i = 0; i < VOICES_MAX; i++)
    taken |= microphone->places[i].used && microphone->places[i].enabled;
  if (taken == atomic_load(&microphone->recording))
    return;
  atomic_store(&microphone->recording, taken);
  if (!taken)
    g_atomic_int_set(&microphone->sounding, 0);
  pthread_mutex_lock(&microphone->lock);
  microphone->taken = taken;
  report_locked(microphone);
  pthread_mutex_unlock(&microphone->lock);
}

/* --- the pushing thread ------------------------------------------------------------------------------------------- */

int oriel_qemu_microphone_push(struct oriel_qemu_microphone *microphone, const struct oriel_microphone *packet,
                               uint64_t now_ns) {
  /* What nobody records is not kept: a recorder that begins hears now, not then (lesson 27). */
  const bool recording = atomic_load(&microphone->recording);
  if (!recording || !packet->size) {
    microphone->fresh = true;
    return recording ? 0 : -ENOTCONN;
  }
  const uint32_t step = packet->sequence - microphone->last;
  if (microphone->fresh || step == 0 || step > JUMP_MAX)
    oriel_receiver_reset(microphone->receiver);
  microphone->sequence += microphone->fresh || step == 0 || step > JUMP_MAX ? 1 : step;
  microphone->last = packet->sequence;
  microphone->fresh = false;
  return oriel_receiver_push(microphone->receiver, packet->opus, packet->size, microphone->sequence, now_ns);
}

/* --- the ring ----------------------------------------------------------------------------------------------------- */

static uint64_t frames_of(uint64_t ns) {
  return ns / ORIEL_NS_PER_SECOND * ORIEL_OPUS_RATE + ns % ORIEL_NS_PER_SECOND * ORIEL_OPUS_RATE /
         ORIEL_NS_PER_SECOND;
}

static uint64_t ns_of(uint64_t frames) {
  return frames / ORIEL_OPUS_RATE * ORIEL_NS_PER_SECOND + frames % ORIEL_OPUS_RATE * ORIEL_NS_PER_SECOND /
         ORIEL_OPUS_RATE;
}

/* Brings the ring up to `now`. After a pause it goes on with the present: what was due in between was not read. */
static void advance(struct oriel_qemu_microphone *microphone, uint64_t now) {
  struct oriel_qemu_ring *ring = &microphone->ring;
  if (!microphone->running) {
    microphone->running = true;
    microphone->base_ns = now - ns_of(ring->end);
  }
  const uint64_t due = frames_of(now - microphone->base_ns);
  if (due > ring->end + ORIEL_QEMU_RING_FRAMES)
    ring->end = due - ORIEL_QEMU_RING_FRAMES / 4; /* voices find their place far behind, and go on near the end */
  while (ring->end < due) {
    const size_t at = ring->end % ORIEL_QEMU_RING_FRAMES;
    size_t count = (size_t)(due - ring->end);
    count = count < PULL_MAX ? count : PULL_MAX;
    count = count < ORIEL_QEMU_RING_FRAMES - at ? count : ORIEL_QEMU_RING_FRAMES - at;
    oriel_receiver_pull(microphone->receiver, ring->frames + 2 * at, count, microphone->base_ns + ns_of(ring->end));
    ring->end += count;
  }
}

/* --- methods ------------------------------------------------------------------------------------------------------ */

static void release(struct oriel_qemu_microphone *microphone, int place) {
  oriel_qemu_voice_destroy(microphone->voices[place]);
  microphone->voices[place] = NULL;
  microphone->places[place] = (struct oriel_qemu_voice_place){.used = false};
}

static const char *on_init(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_microphone *microphone = object;
  struct oriel_pcm_format format;
  struct oriel_qemu_voice *voice;
  uint64_t id;
  unsigned reading = 0;
  oriel_qemu_voice_format(call->body, &id, &format);
  for (int i = 0; i < VOICES_MAX; i++)
    reading |= (unsigned)(call->now_ns - microphone->places[i].heard_ns < FLOWING_NS) << i;
  const int place = oriel_qemu_voice_place(microphone->places, id, reading);
  if (place < 0)
    return "too many voices";
  const int result = oriel_qemu_voice_create(&format, &voice);
  if (result < 0)
    return result == -EINVAL ? "unknown PCM format" : "out of memory";
  release(microphone, place);
  microphone->voices[place] = voice;
  microphone->places[place] = (struct oriel_qemu_voice_place){.used = true, .id = id, .heard_ns = call->now_ns};
  count_takers(microphone);
  return NULL;
}

static const char *on_fini(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_microphone *microphone = object;
  guint64 id;
  g_variant_get(call->body, "(t)", &id);
  const int place = oriel_qemu_voice_find(microphone->places, id);
  if (place < 0)
    return "no such voice";
  release(microphone, place);
  count_takers(microphone);
  return NULL;
}

static const char *on_set_enabled(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_microphone *microphone = object;
  guint64 id;
  gboolean enabled;
  g_variant_get(call->body, "(tb)", &id, &enabled);
  const int place = oriel_qemu_voice_find(microphone->places, id);
  if (place < 0)
    return "no such voice";
  microphone->places[place].enabled = enabled;
  count_takers(microphone);
  return NULL;
}

/* Volumes are 0 to 255 a channel; QEMU leaves it to us to apply them. */
static const char *on_set_volume(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_microphone *microphone = object;
  guint64 id;
  gboolean muted;
  GVariant *data;
  g_variant_get(call->body, "(tb@ay)", &id, &muted, &data);
  gsize count;
  const uint8_t *volumes = g_variant_get_fixed_array(data, &count, 1);
  const int place = oriel_qemu_voice_find(microphone->places, id);
  if (place >= 0 && count)
    oriel_qemu_voice_gain(microphone->voices[place], muted ? 0 : (float)volumes[0] / 255.0f,
                          muted ? 0 : (float)volumes[count > 1] / 255.0f);
  g_variant_unref(data);
  return place < 0 ? "no such voice" : !count ? "no volume given" : NULL;
}

const gint *oriel_qemu_microphone_mute(struct oriel_qemu_microphone *microphone) {
  g_atomic_int_set(&microphone->sounding, atomic_load(&microphone->recording));
  atomic_store(&microphone->muting, true);
  return &microphone->sounding;
}

void oriel_qemu_microphone_unmute(struct oriel_qemu_microphone *microphone) {
  atomic_store(&microphone->muting, false);
}

/* After a voice was read. */
static void look_for_sound(struct oriel_qemu_microphone *microphone) {
  bool sounding = false;
  for (int i = 0; i < VOICES_MAX; i++)
    sounding |= microphone->places[i].used && microphone->places[i].enabled &&
                oriel_qemu_voice_quiet(microphone->voices[i]) < QUIET_FRAMES;
  g_atomic_int_set(&microphone->sounding, sounding);
}

/* QEMU's main loop waits for the answer and takes as much as we give: so it is given what time has brought, at once. */
static const char *on_read(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_microphone *microphone = object;
  guint64 id, size;
  g_variant_get(call->body, "(tt)", &id, &size);
  const int place = oriel_qemu_voice_find(microphone->places, id);
  if (place < 0)
    return "no such voice";
  microphone->places[place].heard_ns = call->now_ns;
  if (!microphone->places[place].enabled) { /* reading proves that it records: one that registers late may have missed
                                               SetEnabled */
    microphone->places[place].enabled = true;
    count_takers(microphone);
  }
  const bool muting = atomic_load(&microphone->muting);
  if (muting)
    oriel_qemu_voice_gain(microphone->voices[place], 0, 0);
  advance(microphone, call->now_ns);
  const size_t given = oriel_qemu_voice_read(microphone->voices[place], &microphone->ring, microphone->answer,
                                             size < ORIEL_QEMU_READ_MAX ? (size_t)size : ORIEL_QEMU_READ_MAX);
  if (muting)
    look_for_sound(microphone);
  *call->reply =
    g_variant_new("(@ay)", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, microphone->answer, given, 1));
  return NULL;
}

const char *oriel_qemu_microphone_message(struct oriel_qemu_microphone *microphone,
                                          const struct oriel_qemu_call *call) {
  static const struct oriel_qemu_method methods[] = {
    {"Read", "(tt)", on_read},              {"Init", "(tybbuyuub)", on_init},
    {"Fini", "(t)", on_fini},               {"SetEnabled", "(tb)", on_set_enabled},
    {"SetVolume", "(tbay)", on_set_volume},
  };
  static const struct oriel_qemu_methods table = {"org.qemu.Display1.AudioInListener", "the microphone to QEMU",
                                                  methods, sizeof methods / sizeof *methods};
  return oriel_qemu_call(&table, microphone, call, &microphone->logged_ns);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

int oriel_qemu_microphone_create(struct oriel_qemu_microphone **microphone) {
  struct oriel_qemu_microphone *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  const struct oriel_receiver_config config = {.channels = ORIEL_OPUS_CHANNELS, .rate = ORIEL_OPUS_RATE,
                                               .target_max_us = DELAY_MAX_US};
  if (oriel_receiver_create(&config, &made->receiver) < 0) {
    free(made);
    return -ENOMEM;
  }
  made->fresh = true;
  pthread_mutex_init(&made->lock, NULL);
  *microphone = made;
  return 0;
}

void oriel_qemu_microphone_destroy(struct oriel_qemu_microphone *microphone) {
  if (!microphone)
    return;
  oriel_qemu_microphone_stopped(microphone);
  oriel_receiver_destroy(microphone->receiver);
  pthread_mutex_destroy(&microphone->lock);
  free(microphone);
}

void oriel_qemu_microphone_stopped(struct oriel_qemu_microphone *microphone) {
  for (int i = 0; i < VOICES_MAX; i++)
    release(microphone, i);
  count_takers(microphone);
  microphone->running = false;
}
