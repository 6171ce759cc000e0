/* SPDX-License-Identifier: MIT
 *
 * The audio listener's methods. QEMU mixes a guest's streams into one voice unless told otherwise, so one voice passes
 * straight through; several are summed as they arrive. Runs on the sound listener's thread.
 */
#include "source/qemu/sound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/opus.h"
#include "media/pcm.h"

enum {
  VOICES_MAX = ORIEL_QEMU_VOICES_MAX,
  WRITE_MAX = 1024 * 1024,                  /* bytes of one Write; QEMU sends 10 ms, below 4 KiB */
  CHUNK_FRAMES = ORIEL_OPUS_RATE,          /* most that the sink takes at once */
  MIX_FRAMES = ORIEL_OPUS_RATE / 5,        /* how far one voice may run ahead of another: 200 ms */
};

static const uint64_t FLOWING_NS = 100 * ORIEL_NS_PER_MS; /* a voice silent for longer holds nobody up */

struct voice {
  struct oriel_pcm_converter *converter;
  uint64_t written_ns;
  size_t ahead; /* frames already in the mix */
};

struct oriel_qemu_sound {
  const struct oriel_source_sink *sink;
  struct oriel_qemu_voice_place places[VOICES_MAX];
  struct voice voices[VOICES_MAX]; /* in these places */
  float mix[MIX_FRAMES * ORIEL_OPUS_CHANNELS];
  size_t mixed;       /* frames of the mix that hold sound, of voices that may be gone */
  uint64_t mixed_ns;  /* when the last of it came */
  uint64_t logged_ns;
};

static void release(struct oriel_qemu_sound *sound, int place) {
  oriel_pcm_converter_destroy(sound->voices[place].converter);
  sound->voices[place] = (struct voice){.converter = NULL};
  sound->places[place] = (struct oriel_qemu_voice_place){.used = false};
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

static bool flowing(const struct oriel_qemu_sound *sound, int place, uint64_t now) {
  const uint64_t written_ns = sound->voices[place].written_ns;
  return sound->places[place].enabled && written_ns && now - written_ns < FLOWING_NS;
}

/* Frames that every flowing voice has delivered. */
static size_t mix_ready(const struct oriel_qemu_sound *sound, uint64_t now) {
  size_t ready = MIX_FRAMES;
  for (int i = 0; i < VOICES_MAX; i++)
    if (flowing(sound, i, now) && sound->voices[i].ahead < ready)
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
static bool alone(const struct oriel_qemu_sound *sound, int place, uint64_t now) {
  if (sound->mixed)
    return false;
  for (int i = 0; i < VOICES_MAX; i++)
    if (i != place && flowing(sound, i, now))
      return false;
  return true;
}

/* --- methods ------------------------------------------------------------------------------------------------------ */

static const char *on_init(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_sound *sound = object;
  struct oriel_pcm_format format;
  struct oriel_pcm_converter *converter;
  uint64_t id;
  unsigned playing = 0;
  oriel_qemu_voice_format(call->body, &id, &format);
  for (int i = 0; i < VOICES_MAX; i++)
    playing |= (unsigned)flowing(sound, i, call->now_ns) << i;
  const int place = oriel_qemu_voice_place(sound->places, id, playing);
  if (place < 0)
    return "too many voices";
  int result = oriel_pcm_converter_create(&format, &converter);
  if (result < 0)
    return result == -EINVAL ? "unknown PCM format" : "out of memory";
  release(sound, place);
  sound->voices[place].converter = converter;
  sound->places[place] = (struct oriel_qemu_voice_place){.used = true, .id = id, .heard_ns = call->now_ns};
  return NULL;
}

static const char *on_fini(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_sound *sound = object;
  guint64 id;
  g_variant_get(call->body, "(t)", &id);
  const int place = oriel_qemu_voice_find(sound->places, id);
  if (place >= 0)
    release(sound, place);
  return place >= 0 ? NULL : "no such voice";
}

static const char *on_set_enabled(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_sound *sound = object;
  guint64 id;
  gboolean enabled;
  g_variant_get(call->body, "(tb)", &id, &enabled);
  const int place = oriel_qemu_voice_find(sound->places, id);
  if (place < 0)
    return "no such voice";
  sound->places[place].enabled = enabled;
  return NULL;
}

/* Volumes are 0 to 255 a channel; a mono voice has one for both sides. */
static const char *on_set_volume(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_sound *sound = object;
  guint64 id;
  gboolean muted;
  GVariant *data;
  g_variant_get(call->body, "(tb@ay)", &id, &muted, &data);
  gsize count;
  const uint8_t *volumes = g_variant_get_fixed_array(data, &count, 1);
  const bool known = oriel_qemu_voice_find(sound->places, id) >= 0;
  if (known && count && sound->sink->volume)
    sound->sink->volume(sound->sink->user, (float)volumes[0] / 255.0f, (float)volumes[count > 1] / 255.0f, muted);
  g_variant_unref(data);
  return !known ? "no such voice" : !count ? "no volume given" : NULL;
}

static void take(struct oriel_qemu_sound *sound, int place, const float *frames, size_t count, uint64_t now) {
  /* Data proves that it plays: a listener that registers late may have missed SetEnabled. */
  sound->places[place].enabled = true;
  sound->places[place].heard_ns = sound->voices[place].written_ns = now;
  /* What a voice left behind long ago is not played now (lesson 25). */
  if (sound->mixed && now - sound->mixed_ns > FLOWING_NS)
    mix_clear(sound);
  if (alone(sound, place, now))
    emit(sound, frames, count, now);
  else
    mix_add(sound, &sound->voices[place], frames, count, now);
}

static const char *on_write(void *object, const struct oriel_qemu_call *call) {
  struct oriel_qemu_sound *sound = object;
  guint64 id;
  GVariant *data;
  g_variant_get(call->body, "(t@ay)", &id, &data);
  gsize size;
  const void *bytes = g_variant_get_fixed_array(data, &size, 1);
  const char *refused = NULL;
  const float *frames;
  size_t count;
  const int place = oriel_qemu_voice_find(sound->places, id);
  if (place < 0)
    refused = "no such voice";
  else if (size > WRITE_MAX || oriel_pcm_convert(sound->voices[place].converter, bytes, size, &frames, &count) < 0)
    refused = "too much sound at once";
  else if (count)
    take(sound, place, frames, count, call->now_ns);
  g_variant_unref(data);
  return refused;
}

const char *oriel_qemu_sound_message(struct oriel_qemu_sound *sound, const struct oriel_qemu_call *call) {
  static const struct oriel_qemu_method methods[] = {
    {"Write", "(tay)", on_write},          {"Init", "(tybbuyuub)", on_init},
    {"Fini", "(t)", on_fini},              {"SetEnabled", "(tb)", on_set_enabled},
    {"SetVolume", "(tbay)", on_set_volume},
  };
  static const struct oriel_qemu_methods table = {"org.qemu.Display1.AudioOutListener", "sound from QEMU", methods,
                                                  sizeof methods / sizeof *methods};
  return oriel_qemu_call(&table, sound, call, &sound->logged_ns);
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
  for (int i = 0; i < VOICES_MAX; i++)
    release(sound, i);
  mix_clear(sound);
}
