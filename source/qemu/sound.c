/* SPDX-License-Identifier: MIT
 *
 * The audio listener's methods. QEMU mixes a guest's streams into one voice unless told otherwise, so one voice passes
 * straight through; several are summed as they arrive. Runs on GDBus's worker thread.
 */
#include "source/qemu/sound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/opus.h"
#include "media/pcm.h"

#define ROOM "source/qemu"
#define LISTENER "org.qemu.Display1.AudioOutListener"

enum {
  VOICES_MAX = 8,
  WRITE_MAX = 1024 * 1024,                  /* bytes of one Write; QEMU sends 10 ms, below 4 KiB */
  CHUNK_FRAMES = ORIEL_OPUS_RATE,          /* most that the sink takes at once */
  MIX_FRAMES = ORIEL_OPUS_RATE / 5,        /* how far one voice may run ahead of another: 200 ms */
};

static const uint64_t FLOWING_NS = 100 * ORIEL_NS_PER_MS; /* a voice silent for longer holds nobody up */
static const uint64_t LOG_INTERVAL_NS = 5 * ORIEL_NS_PER_SECOND;

struct voice {
  bool used, enabled;
  uint64_t id;
  struct oriel_pcm_converter *converter;
  uint64_t written_ns;
  uint64_t heard_ns; /* when it began or last wrote */
  size_t ahead; /* frames already in the mix */
};

struct oriel_qemu_sound {
  const struct oriel_source_sink *sink;
  struct voice voices[VOICES_MAX];
  float mix[MIX_FRAMES * ORIEL_OPUS_CHANNELS];
  size_t mixed;       /* frames of the mix that hold sound, of voices that may be gone */
  uint64_t mixed_ns;  /* when the last of it came */
  uint64_t logged_ns;
};

static struct voice *find(struct oriel_qemu_sound *sound, uint64_t id) {
  for (size_t i = 0; i < VOICES_MAX; i++)
    if (sound->voices[i].used && sound->voices[i].id == id)
      return &sound->voices[i];
  return NULL;
}

static void release(struct voice *voice) {
  oriel_pcm_converter_destroy(voice->converter);
  *voice = (struct voice){.used = false};
}

static void emit(struct oriel_qemu_sound *sound, const float *frames, size_t count, uint64_t now) {
  while (count) {
    size_t part = count < CHUNK_FRAMES ? count : CHUNK_FRAMES;
    sound->sink->sound(sound->sink->user, frames, part, now);
    frames += part * ORIEL_OPUS_CHANNELS;
    count -= part;
  }
}

/* --- mixing ------------------------------------------------------------------------------------------------------- */

/* Hands the first `count` frames of the mix on. */
static void mix_emit(struct oriel_qemu_sound *sound, size_t count, uint64_t now) {
  if (!count)
    return;
  emit(sound, sound->mix, count, now);
  size_t rest = MIX_FRAMES - count;
  memmove(sound->mix, sound->mix + count * ORIEL_OPUS_CHANNELS, rest * ORIEL_OPUS_CHANNELS * sizeof *sound->mix);
  memset(sound->mix + rest * ORIEL_OPUS_CHANNELS, 0, count * ORIEL_OPUS_CHANNELS * sizeof *sound->mix);
  sound->mixed = sound->mixed > count ? sound->mixed - count : 0;
  for (size_t i = 0; i < VOICES_MAX; i++) {
    struct voice *voice = &sound->voices[i];
    voice->ahead = voice->ahead > count ? voice->ahead - count : 0;
  }
}

static void mix_clear(struct oriel_qemu_sound *sound) {
  memset(sound->mix, 0, sizeof sound->mix);
  sound->mixed = 0;
  for (size_t i = 0; i < VOICES_MAX; i++)
    sound->voices[i].ahead = 0;
}

static bool flowing(const struct voice *voice, uint64_t now) {
  return voice->used && voice->enabled && voice->written_ns && now - voice->written_ns < FLOWING_NS;
}

/* Frames that every flowing voice has delivered. */
static size_t mix_ready(const struct oriel_qemu_sound *sound, uint64_t now) {
  size_t ready = MIX_FRAMES;
  for (size_t i = 0; i < VOICES_MAX; i++)
    if (flowing(&sound->voices[i], now) && sound->voices[i].ahead < ready)
      ready = sound->voices[i].ahead;
  return ready;
}

static void mix_add(struct oriel_qemu_sound *sound, struct voice *voice, const float *frames, size_t count,
                    uint64_t now) {
  while (count) {
    size_t part = count < MIX_FRAMES / 2 ? count : MIX_FRAMES / 2;
    if (voice->ahead + part > MIX_FRAMES)
      mix_emit(sound, voice->ahead + part - MIX_FRAMES, now);
    float *out = sound->mix + voice->ahead * ORIEL_OPUS_CHANNELS;
    for (size_t i = 0; i < part * ORIEL_OPUS_CHANNELS; i++) {
      float sum = out[i] + frames[i];
      out[i] = sum > 1.0f ? 1.0f : sum < -1.0f ? -1.0f : sum;
    }
    voice->ahead += part;
    if (voice->ahead > sound->mixed)
      sound->mixed = voice->ahead;
    sound->mixed_ns = now;
    frames += part * ORIEL_OPUS_CHANNELS;
    count -= part;
  }
  mix_emit(sound, mix_ready(sound, now), now);
}

/* True when no other voice plays and nothing waits in the mix. */
static bool alone(const struct oriel_qemu_sound *sound, const struct voice *voice, uint64_t now) {
  if (sound->mixed)
    return false;
  for (size_t i = 0; i < VOICES_MAX; i++) {
    const struct voice *other = &sound->voices[i];
    if (other != voice && flowing(other, now))
      return false;
  }
  return true;
}

/* --- methods ------------------------------------------------------------------------------------------------------ */

/* A free place, or that of the voice that is silent for longest: a QEMU that forgets to end its voices keeps its sound.
 * NULL when all play. */
static struct voice *place(struct oriel_qemu_sound *sound, uint64_t now) {
  struct voice *oldest = NULL;
  for (size_t i = 0; i < VOICES_MAX; i++) {
    struct voice *voice = &sound->voices[i];
    if (!voice->used)
      return voice;
    if (!flowing(voice, now) && (!oldest || voice->heard_ns < oldest->heard_ns))
      oldest = voice;
  }
  return oldest;
}

static const char *on_init(struct oriel_qemu_sound *sound, GVariant *body, uint64_t now) {
  guint64 id;
  guchar bits, channels;
  gboolean is_signed, is_float, big_endian;
  guint32 rate, frame_size, byte_rate;
  g_variant_get(body, "(tybbuyuub)", &id, &bits, &is_signed, &is_float, &rate, &channels, &frame_size, &byte_rate,
                &big_endian);
  struct oriel_pcm_format format = {.bits = bits, .is_signed = is_signed, .is_float = is_float,
                                    .big_endian = big_endian, .rate = rate, .channels = channels};
  struct voice *voice = find(sound, id);
  if (!voice)
    voice = place(sound, now);
  if (!voice)
    return "too many voices";
  struct oriel_pcm_converter *converter;
  int result = oriel_pcm_converter_create(&format, &converter);
  if (result < 0)
    return result == -EINVAL ? "unknown PCM format" : "out of memory";
  release(voice);
  *voice = (struct voice){.used = true, .id = id, .converter = converter, .heard_ns = now};
  return NULL;
}

static const char *on_fini(struct oriel_qemu_sound *sound, GVariant *body, uint64_t now) {
  (void)now;
  guint64 id;
  g_variant_get(body, "(t)", &id);
  struct voice *voice = find(sound, id);
  if (voice)
    release(voice);
  return voice ? NULL : "no such voice";
}

static const char *on_set_enabled(struct oriel_qemu_sound *sound, GVariant *body, uint64_t now) {
  (void)now;
  guint64 id;
  gboolean enabled;
  g_variant_get(body, "(tb)", &id, &enabled);
  struct voice *voice = find(sound, id);
  if (!voice)
    return "no such voice";
  voice->enabled = enabled;
  return NULL;
}

/* Volumes are 0 to 255 a channel; a mono voice has one for both sides. */
static const char *on_set_volume(struct oriel_qemu_sound *sound, GVariant *body, uint64_t now) {
  (void)now;
  guint64 id;
  gboolean muted;
  GVariant *data;
  g_variant_get(body, "(tb@ay)", &id, &muted, &data);
  gsize count;
  const uint8_t *volumes = g_variant_get_fixed_array(data, &count, 1);
  bool known = find(sound, id) != NULL;
  if (known && count && sound->sink->volume)
    sound->sink->volume(sound->sink->user, (float)volumes[0] / 255.0f, (float)volumes[count > 1] / 255.0f, muted);
  g_variant_unref(data);
  return !known ? "no such voice" : !count ? "no volume given" : NULL;
}

static const char *on_write(struct oriel_qemu_sound *sound, GVariant *body, uint64_t now) {
  guint64 id;
  GVariant *data;
  g_variant_get(body, "(t@ay)", &id, &data);
  gsize size;
  const void *bytes = g_variant_get_fixed_array(data, &size, 1);
  const char *refused = NULL;
  const float *frames;
  size_t count;
  struct voice *voice = find(sound, id);
  if (!voice) {
    refused = "no such voice";
  } else if (size > WRITE_MAX || oriel_pcm_convert(voice->converter, bytes, size, &frames, &count) < 0) {
    refused = "too much sound at once";
  } else if (count) {
    /* Data proves that it plays: a listener that registers late may have missed SetEnabled. */
    voice->enabled = true;
    voice->written_ns = voice->heard_ns = now;
    /* What a voice left behind long ago is not played now (lesson 25). */
    if (sound->mixed && now - sound->mixed_ns > FLOWING_NS)
      mix_clear(sound);
    if (alone(sound, voice, now))
      emit(sound, frames, count, now);
    else
      mix_add(sound, voice, frames, count, now);
  }
  g_variant_unref(data);
  return refused;
}

static const struct {
  const char *member, *type;
  const char *(*handle)(struct oriel_qemu_sound *sound, GVariant *body, uint64_t now);
} methods[] = {
  {"Write", "(tay)", on_write},          {"Init", "(tybbuyuub)", on_init},
  {"Fini", "(t)", on_fini},              {"SetEnabled", "(tb)", on_set_enabled},
  {"SetVolume", "(tbay)", on_set_volume},
};

const char *oriel_qemu_sound_message(struct oriel_qemu_sound *sound, const char *interface, const char *member,
                                     GVariant *body, uint64_t now) {
  const char *refused = "no such method";
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i].member, member) || (interface && strcmp(interface, LISTENER)))
      continue;
    refused = body && g_variant_is_of_type(body, G_VARIANT_TYPE(methods[i].type)) ? methods[i].handle(sound, body, now)
                                                                                  : "arguments of the wrong type";
    break;
  }
  if (refused && (!sound->logged_ns || now - sound->logged_ns >= LOG_INTERVAL_NS)) {
    oriel_warn(ROOM, "refused %.40s of sound from QEMU: %s", member, refused);
    sound->logged_ns = now;
  }
  return refused;
}

int oriel_qemu_sound_create(const struct oriel_source_sink *sink, struct oriel_qemu_sound **sound) {
  struct oriel_qemu_sound *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->sink = sink;
  *sound = made;
  return 0;
}

void oriel_qemu_sound_destroy(struct oriel_qemu_sound *sound) {
  if (!sound)
    return;
  oriel_qemu_sound_reset(sound);
  free(sound);
}

void oriel_qemu_sound_reset(struct oriel_qemu_sound *sound) {
  for (size_t i = 0; i < VOICES_MAX; i++)
    release(&sound->voices[i]);
  mix_clear(sound);
}
