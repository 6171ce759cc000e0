/* SPDX-License-Identifier: MIT
 *
 * What QEMU's two audio listeners have in common: methods in a table, and voices, which QEMU begins by Init under a
 * number of its own. Thread-safety: one thread at a time (the listener's, under its lock).
 */
#ifndef ORIEL_SOURCE_QEMU_CALLS_H
#define ORIEL_SOURCE_QEMU_CALLS_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/pcm.h"

/** A call; one that is answered with more than nothing sets *reply (floating). */
struct oriel_qemu_call {
  const char *interface, *member; /* interface may be NULL */
  GVariant *body;                 /* may be NULL */
  GVariant **reply;
  uint64_t now_ns;
};

struct oriel_qemu_method {
  const char *member, *type;
  /** The body is of that type. NULL, or why it is refused (static). */
  const char *(*handle)(void *object, const struct oriel_qemu_call *call);
};

struct oriel_qemu_methods {
  const char *interface, *what; /* what: for the log, as in "refused Write of sound from QEMU" */
  const struct oriel_qemu_method *methods;
  size_t count;
};

/** NULL, or why it was refused (static); then a line in the log, one in five seconds at most. `logged_ns` belongs to
 *  the object. */
const char *oriel_qemu_call(const struct oriel_qemu_methods *methods, void *object, const struct oriel_qemu_call *call,
                            uint64_t *logged_ns);

enum { ORIEL_QEMU_VOICES_MAX = 8 };

struct oriel_qemu_voice_place {
  bool used, enabled;
  uint64_t id;
  uint64_t heard_ns; /* when it began, or last wrote or read */
};

/** The voice's place; -1 = none. */
int oriel_qemu_voice_find(const struct oriel_qemu_voice_place places[ORIEL_QEMU_VOICES_MAX], uint64_t id);
/** Where a voice may begin: its own place, a free one, or that of the voice which was not heard of for longest and is
 *  not in `busy` (a bit each): a QEMU that forgets to end its voices keeps its sound. -1 = all are busy. */
int oriel_qemu_voice_place(const struct oriel_qemu_voice_place places[ORIEL_QEMU_VOICES_MAX], uint64_t id,
                           unsigned busy);
/** The arguments of Init, "(tybbuyuub)". */
void oriel_qemu_voice_format(GVariant *body, uint64_t *id, struct oriel_pcm_format *format);

#endif
