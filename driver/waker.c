/* SPDX-License-Identifier: MIT
 *
 * A pipe to wake a thread with. Transport threads wait, whoever starts IO or changes settings wakes.
 */
#include "driver/waker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static int set_flags(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int waker_init(struct waker *waker) {
  if (pipe(waker->fds) < 0)
    return -errno;
  int error = set_flags(waker->fds[0]);
  if (!error)
    error = set_flags(waker->fds[1]);
  if (error < 0)
    waker_finish(waker);
  return error;
}

void waker_finish(struct waker *waker) {
  close(waker->fds[0]);
  close(waker->fds[1]);
}

void waker_wake(struct waker *waker) {
  /* A full pipe wakes as well. */
  while (write(waker->fds[1], "", 1) < 0 && errno == EINTR)
    ;
}

static void drain(struct waker *waker) {
  char bytes[64];
  while (read(waker->fds[0], bytes, sizeof bytes) > 0)
    ;
}

short waker_wait(struct waker *waker, int fd, short events, uint64_t timeout_ns) {
  struct pollfd fds[2] = {{.fd = waker->fds[0], .events = POLLIN}, {.fd = fd, .events = events}};
  const uint64_t ms = timeout_ns / ORIEL_NS_PER_MS;
  const int timeout = timeout_ns == UINT64_MAX ? -1 : ms > 3600000 ? 3600000 : (int)ms;
  const int ready = poll(fds, fd < 0 ? 1 : 2, timeout);
  if (ready > 0 && fds[0].revents)
    drain(waker);
  if (ready == 0 && timeout_ns != UINT64_MAX) {
    /* What poll cannot wait for: less than a millisecond, so nobody waits long to wake us. */
    struct timespec rest = {.tv_nsec = (long)(timeout_ns % ORIEL_NS_PER_MS)};
    nanosleep(&rest, NULL);
  }
  return ready > 0 && fd >= 0 ? fds[1].revents : 0;
}
