/* SPDX-License-Identifier: MIT
 *
 * Calls to audio listeners. The listener's thread.
 */
#include "source/qemu/calls.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"

static const uint64_t LOG_INTERVAL_NS = 5 * ORIEL_NS_PER_SECOND;

static const char *handle(const struct oriel_qemu_methods *methods, void *object, const struct oriel_qemu_call *call) {
  if (call->interface && strcmp(call->interface, methods->interface))
    return "no such method";
  for (size_t i = 0; i < methods->count; i++) {
    const struct oriel_qemu_method *method = &methods->methods[i];
    if (strcmp(method->member, call->member))
      continue;
    if (!call->body || !g_variant_is_of_type(call->body, G_VARIANT_TYPE(method->type)))
      return "arguments of the wrong type";
    return method->handle(object, call);
  }
  return "no such method";
}

const char *oriel_qemu_call(const struct oriel_qemu_methods *methods, void *object, const struct oriel_qemu_call *call,
                            uint64_t *logged_ns) {
  const char *refused = handle(methods, object, call);
  if (refused && (!*logged_ns || call->now_ns - *logged_ns >= LOG_INTERVAL_NS)) {
    oriel_warn("source/qemu", "refused %.40s of %s: %s", call->member, methods->what, refused);
    *logged_ns = call->now_ns;
  }
  return refused;
}

int oriel_qemu_voice_find(const struct oriel_qemu_voice_place places[ORIEL_QEMU_VOICES_MAX], uint64_t id) {
  for (int i = 0; i < ORIEL_QEMU_VOICES_MAX; i++)
    if (places[i].used && places[i].id == id)
      return i;
  return -1;
}

int oriel_qemu_voice_place(const struct oriel_qemu_voice_place places[ORIEL_QEMU_VOICES_MAX], uint64_t id,
                           unsigned busy) {
  int best = oriel_qemu_voice_find(places, id);
  if (best >= 0)
    return best;
  for (int i = 0; i < ORIEL_QEMU_VOICES_MAX; i++) {
    if (!places[i].used)
      return i;
    if (!(busy >> i & 1) && (best < 0 || places[i].heard_ns < places[best].heard_ns))
      best = i;
  }
  return best;
}

void oriel_qemu_voice_format(GVariant *body, uint64_t *id, struct oriel_pcm_format *format) {
  guint64 number;
  guchar bits, channels;
  gboolean is_signed, is_float, big_endian;
  guint32 rate, frame_size, byte_rate;
  g_variant_get(body, "(tybbuyuub)", &number, &bits, &is_signed, &is_float, &rate, &channels, &frame_size, &byte_rate,
                &big_endian);
  *id = number;
  *format = (struct oriel_pcm_format){.bits = bits, .is_signed = is_signed, .is_float = is_float,
                                      .big_endian = big_endian, .rate = rate, .channels = channels};
}
