/* SPDX-License-Identifier: MIT
 *
 * Wakes a thread out of its wait: a pipe to poll. And the wait itself, finer than poll's milliseconds.
 *
 * Thread-safety: waker_wake from any thread but IO callbacks (it is a system call); waker_wait from one.
 */
#ifndef ORIEL_DRIVER_WAKER_H
#define ORIEL_DRIVER_WAKER_H

#include <stdint.h>

struct waker {
  int fds[2];
};

/** 0 or -errno. */
int waker_init(struct waker *waker);
void waker_finish(struct waker *waker);
void waker_wake(struct waker *waker);
/** Waits until woken, until `fd` (or -1) has one of `events`, or for timeout_ns (UINT64_MAX = for ever). Returns fd's
 *  revents. */
short waker_wait(struct waker *waker, int fd, short events, uint64_t timeout_ns);

#endif
