/* SPDX-License-Identifier: MIT
 *
 * A side: a thread beside the media thread that codes one rendition's pictures, one at a time, at a lower priority. It
 * touches nothing but what it is handed and takes no lock, so that who yields to everybody keeps nobody waiting. It runs
 * from the first picture until it is told to rest.
 *
 * Thread-safety: every function from the media thread.
 */
#ifndef ORIEL_DESKTOP_SIDE_H
#define ORIEL_DESKTOP_SIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/waiter.h"
#include "media/rendition.h"

struct oriel_side {
  struct oriel_rendition *rendition; /* borrowed; the side's own while it works */
  struct oriel_waiter *done;         /* borrowed; woken when a picture is coded */
  struct oriel_waiter waiter;        /* its thread's; there while it runs */
  pthread_t thread;
  bool runs;
  atomic_bool ends; /* its thread shall */
  atomic_int state; /* as in side.c; says who owns the rest */
  struct oriel_rendition_work work;
  uint64_t used_ns;
};

void oriel_side_init(struct oriel_side *side, struct oriel_rendition *rendition, struct oriel_waiter *done);
/** Waits for what it codes, drops that, and ends its thread, if there is one. */
void oriel_side_rest(struct oriel_side *side);
/** Hands it a picture that was taken. False: no thread can be had, and the caller still owns the work. */
bool oriel_side_code(struct oriel_side *side, const struct oriel_rendition_work *work);
/** True from then on until the picture is taken back: nothing else may be done with its rendition. */
bool oriel_side_works(const struct oriel_side *side);
/** True when that can be done. */
bool oriel_side_is_done(const struct oriel_side *side);
/** Takes back what is done. Returns the processor time that it took. */
uint64_t oriel_side_take(struct oriel_side *side, struct oriel_rendition_work *work);

#endif
