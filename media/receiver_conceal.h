/* SPDX-License-Identifier: MIT
 *
 * What sound may have been like where there is none: the last pitch period goes on, from where the wave stopped, and
 * fades to silence within 30 ms.
 *
 * Thread-safety: one object, one thread. Real-time safe but for init and finish; begin costs a small correlation, some
 * 20 us at 48 kHz.
 */
#ifndef ORIEL_MEDIA_RECEIVER_CONCEAL_H
#define ORIEL_MEDIA_RECEIVER_CONCEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct receiver_conceal {
  unsigned channels;
  uint32_t rate;
  size_t keep;         /* frames of history that begin needs */
  size_t retain;       /* and some that may be forgotten again */
  float *history;      /* the newest `retain` frames end at `filled`; room for twice as many; owned */
  size_t filled;
  float *mono, *loop;  /* scratch of begin; the period that is repeated; owned */
  float step[16];      /* between what was heard and the loop, faded out */
  size_t period, at;   /* frames of the loop, and where in it */
  size_t done;         /* frames given since begin */
};

/** 0, -ENOMEM. */
int receiver_conceal_init(struct receiver_conceal *conceal, unsigned channels, uint32_t rate);
void receiver_conceal_finish(struct receiver_conceal *conceal);
/** What was heard, also what concealment itself gave. */
void receiver_conceal_heard(struct receiver_conceal *conceal, const float *frames, size_t count);
/** The last `count` frames (at most 10 ms, and since heard) were not heard after all. */
void receiver_conceal_forget(struct receiver_conceal *conceal, size_t count);
/** Sound stopped behind the last frame heard. */
void receiver_conceal_begin(struct receiver_conceal *conceal);
void receiver_conceal_render(struct receiver_conceal *conceal, float *frames, size_t count);
/** Whether it has faded to silence. */
bool receiver_conceal_is_over(const struct receiver_conceal *conceal);

#endif
