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
#include "core/log.h"
#include "media/opus.h"
#include "media/receiver.h"
#include "source/qemu/voice.h"

#define ROOM "source/qemu"
#define LISTENER "org.qemu.Display1.AudioInListener"

enum {
  VOICES_MAX = 8,
  PULL_MAX = 1024,           /* frames taken from the receiver at once */
  DELAY_MAX_US = 120 * 1000, /* of the jitter buffer's target */
  JUMP_MAX = 64,             /* packets that may be missing; more, or a step back, is another stream */
};

static const uint64_t FLOWING_NS = 200 * ORIEL_NS_PER_MS;
static const uint64_t LOG_INTERVAL_NS = 5 * ORIEL_NS_PER_SECOND;

struct slot {
  bool used, enabled;
  uint64_t id;
  struct oriel_qemu_voice *voice;
  uint64_t heard_ns; /* when it began or last read */
};

struct oriel_qemu_microphone {
  struct oriel_receiver *receiver;
  atomic_bool recording; /* a voice reads: packets are worth keeping */
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
  struct slot slots[VOICES_MAX];
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
  for (size_t i = 0; i < VOICES_MAX; i++)
    taken |= microphone->slots[i].used && microphone->slots[i].enabled;
  if (taken == atomic_load(&microphone->recording))
    return;
  atomic_store(&microphone->recording, taken);
  pthread_mutex_lock(&microphone->lock);
  microphone->taken = taken;
  report_locked(microphone);
  pthread_mutex_unlock(&microphone->lock);
}

/* --- the pushing thread ------------------------------------------------------------------------------------------- */

int oriel_qemu_microphone_push(struct oriel_qemu_microphone *microphone, const struct oriel_microphone *packet) {
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
  return oriel_receiver_push(microphone->receiver, packet->opus, packet->size, microphone->sequence,
                             oriel_clock_ns());
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
    ring->end = due - ORIEL_QEMU_RING_FRAMES / 4; /* voices find their place far behind, and settle anew */
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

static struct slot *find(struct oriel_qemu_microphone *microphone, uint64_t id) {
  for (size_t i = 0; i < VOICES_MAX; i++)
    if (microphone->slots[i].used && microphone->slots[i].id == id)
      return &microphone->slots[i];
  return NULL;
}

static void release(struct slot *slot) {
  oriel_qemu_voice_destroy(slot->voice);
  *slot = (struct slot){.used = false};
}

/* A free slot, or that of the voice that has not read for longest: a QEMU that forgets to end its voices keeps its
 * microphone. NULL when all read. */
static struct slot *place(struct oriel_qemu_microphone *microphone, uint64_t now) {
  struct slot *oldest = NULL;
  for (size_t i = 0; i < VOICES_MAX; i++) {
    struct slot *slot = &microphone->slots[i];
    if (!slot->used)
      return slot;
    if (now - slot->heard_ns >= FLOWING_NS && (!oldest || slot->heard_ns < oldest->heard_ns))
      oldest = slot;
  }
  return oldest;
}

static const char *on_init(struct oriel_qemu_microphone *microphone, GVariant *body, GVariant **reply) {
  (void)reply;
  guint64 id;
  guchar bits, channels;
  gboolean is_signed, is_float, big_endian;
  guint32 rate, frame_size, byte_rate;
  g_variant_get(body, "(tybbuyuub)", &id, &bits, &is_signed, &is_float, &rate, &channels, &frame_size, &byte_rate,
                &big_endian);
  const struct oriel_pcm_format format = {.bits = bits, .is_signed = is_signed, .is_float = is_float,
                                          .big_endian = big_endian, .rate = rate, .channels = channels};
  const uint64_t now = oriel_clock_ns();
  struct slot *slot = find(microphone, id);
  if (!slot)
    slot = place(microphone, now);
  if (!slot)
    return "too many voices";
  struct oriel_qemu_voice *voice;
  const int result = oriel_qemu_voice_create(&format, &voice);
  if (result < 0)
    return result == -EINVAL ? "unknown PCM format" : "out of memory";
  release(slot);
  *slot = (struct slot){.used = true, .id = id, .voice = voice, .heard_ns = now};
  count_takers(microphone);
  return NULL;
}

static const char *on_fini(struct oriel_qemu_microphone *microphone, GVariant *body, GVariant **reply) {
  (void)reply;
  guint64 id;
  g_variant_get(body, "(t)", &id);
  struct slot *slot = find(microphone, id);
  if (!slot)
    return "no such voice";
  release(slot);
  count_takers(microphone);
  return NULL;
}

static const char *on_set_enabled(struct oriel_qemu_microphone *microphone, GVariant *body, GVariant **reply) {
  (void)reply;
  guint64 id;
  gboolean enabled;
  g_variant_get(body, "(tb)", &id, &enabled);
  struct slot *slot = find(microphone, id);
  if (!slot)
    return "no such voice";
  slot->enabled = enabled;
  count_takers(microphone);
  return NULL;
}

/* Volumes are 0 to 255 a channel; QEMU leaves it to us to apply them. */
static const char *on_set_volume(struct oriel_qemu_microphone *microphone, GVariant *body, GVariant **reply) {
  (void)reply;
  guint64 id;
  gboolean muted;
  GVariant *data;
  g_variant_get(body, "(tb@ay)", &id, &muted, &data);
  gsize count;
  const uint8_t *volumes = g_variant_get_fixed_array(data, &count, 1);
  struct slot *slot = find(microphone, id);
  if (slot && count)
    oriel_qemu_voice_gain(slot->voice, muted ? 0 : (float)volumes[0] / 255.0f,
                          muted ? 0 : (float)volumes[count > 1] / 255.0f);
  g_variant_unref(data);
  return !slot ? "no such voice" : !count ? "no volume given" : NULL;
}

/* QEMU's main loop waits for the answer and takes as much as we give: so it is given what time has brought, at once. */
static const char *on_read(struct oriel_qemu_microphone *microphone, GVariant *body, GVariant **reply) {
  guint64 id, size;
  g_variant_get(body, "(tt)", &id, &size);
  struct slot *slot = find(microphone, id);
  if (!slot)
    return "no such voice";
  const uint64_t now = oriel_clock_ns();
  slot->heard_ns = now;
  if (!slot->enabled) { /* reading proves that it records: a listener that registers late may have missed SetEnabled */
    slot->enabled = true;
    count_takers(microphone);
  }
  advance(microphone, now);
  const size_t given = oriel_qemu_voice_read(slot->voice, &microphone->ring, microphone->answer,
                                             size < ORIEL_QEMU_READ_MAX ? (size_t)size : ORIEL_QEMU_READ_MAX);
  *reply = g_variant_new("(@ay)", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, microphone->answer, given, 1));
  return NULL;
}

static const struct {
  const char *member, *type;
  const char *(*handle)(struct oriel_qemu_microphone *microphone, GVariant *body, GVariant **reply);
} methods[] = {
  {"Read", "(tt)", on_read},           {"Init", "(tybbuyuub)", on_init},
  {"Fini", "(t)", on_fini},            {"SetEnabled", "(tb)", on_set_enabled},
  {"SetVolume", "(tbay)", on_set_volume},
};

const char *oriel_qemu_microphone_message(struct oriel_qemu_microphone *microphone, const char *interface,
                                          const char *member, GVariant *body, GVariant **reply) {
  const char *refused = "no such method";
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i].member, member) || (interface && strcmp(interface, LISTENER)))
      continue;
    refused = body && g_variant_is_of_type(body, G_VARIANT_TYPE(methods[i].type))
                ? methods[i].handle(microphone, body, reply)
                : "arguments of the wrong type";
    break;
  }
  const uint64_t now = oriel_clock_ns();
  if (refused && (!microphone->logged_ns || now - microphone->logged_ns >= LOG_INTERVAL_NS)) {
    oriel_warn(ROOM, "refused %.40s of the microphone to QEMU: %s", member, refused);
    microphone->logged_ns = now;
  }
  return refused;
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
  for (size_t i = 0; i < VOICES_MAX; i++)
    if (microphone->slots[i].used)
      release(&microphone->slots[i]);
  count_takers(microphone);
  microphone->running = false;
}
