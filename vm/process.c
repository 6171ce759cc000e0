/* SPDX-License-Identifier: MIT
 *
 * Processes of others. Called by vm/ from its caller's thread.
 */
#include "vm/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/pidfd.h>
#else
#include <sys/un.h>
#endif

#include "core/clock.h"
#include "vm/runtime.h"

enum { LOOK_MS = 10 };

/** Who called listen() on the other end's socket. */
static pid_t listener_of(int fd) {
#ifdef __linux__
  struct ucred peer = {0};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
#else
  pid_t pid = 0;
  socklen_t size = sizeof pid;
  return getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &size) == 0 ? pid : 0;
#endif
}

int oriel_process_of_socket(const char *path, struct oriel_process *process) {
  const int fd = oriel_runtime_connect(path);
  if (fd < 0)
    return fd;
  struct oriel_process found = {.pid = listener_of(fd), .fd = -1};
  int error = found.pid > 0 && found.pid != getpid() ? 0 : -ESRCH;
#ifdef __linux__
  if (error == 0) {
    found.fd = pidfd_open(found.pid, 0);
    error = found.fd < 0 ? -errno : 0;
  }
  /* The number may have been given anew between the two calls; who still answers is the one that was meant. */
  if (error == 0 && !oriel_runtime_answers(path)) {
    close(found.fd);
    error = -ECONNREFUSED;
  }
#endif
  close(fd);
  if (error == 0)
    *process = found;
  return error;
}

bool oriel_process_wait(const struct oriel_process *process, unsigned timeout_ms) {
  const uint64_t deadline = oriel_clock_ns() + timeout_ms * ORIEL_NS_PER_MS;
  if (process->fd >= 0) {
    struct pollfd wait = {.fd = process->fd, .events = POLLIN};
    int ready;
    do { /* a signal of ours may come in between */
      const uint64_t now = oriel_clock_ns();
      ready = poll(&wait, 1, now < deadline ? (int)((deadline - now + ORIEL_NS_PER_MS - 1) / ORIEL_NS_PER_MS) : 0);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
  }
  while (kill(process->pid, 0) == 0) {
    if (oriel_clock_ns() >= deadline)
      return false;
    (void)poll(NULL, 0, LOOK_MS);
  }
  return true;
}

void oriel_process_signal(const struct oriel_process *process, int number) {
#ifdef __linux__
  (void)pidfd_send_signal(process->fd, number, NULL, 0);
#else
  (void)kill(process->pid, number);
#endif
}

void oriel_process_close(struct oriel_process *process) {
  if (process->fd >= 0)
    close(process->fd);
  *process = (struct oriel_process){.fd = -1};
}
