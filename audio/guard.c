/* SPDX-License-Identifier: MIT
 *
 * The SIGBUS handler and its table. The handler runs on the thread whose store failed; it takes no lock and makes one
 * system call, mmap.
 */
#include "audio/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GUARDS = 64 };

/* A slot is the handler's to read while `base` is set. */
static struct {
  _Atomic uintptr_t base;
  size_t size;
  atomic_bool *cut;
} guards[GUARDS];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards adding and removing, and these: */
static struct sigaction before; /* set before the handler can run; the handler reads it */

/* Set while we call the handler before ours: if that one calls ours again, somebody chained us in a circle. */
static _Thread_local volatile sig_atomic_t passing __attribute__((tls_model("initial-exec")));

static bool replace(uintptr_t address) {
  for (size_t i = 0; i < GUARDS; i++) {
    /* Acquire; partner: the release in oriel_audio_guard_add. */
    const uintptr_t base = atomic_load_explicit(&guards[i].base, memory_order_acquire);
    if (!base || address < base || address - base >= guards[i].size)
      continue;
    void *at = (void *)base; /* NOLINT: an address of ours, kept as a number to be atomic */
    const int kept = errno;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    const bool done = mmap(at, guards[i].size, PROT_READ | PROT_WRITE, flags, -1, 0) == at;
    errno = kept;
    atomic_store(guards[i].cut, true);
    return done;
  }
  return false;
}

static void handle(int number, siginfo_t *info, void *context) {
  /* si_code > 0: a fault, not a signal that somebody sent. */
  if (info->si_code > 0 && replace((uintptr_t)info->si_addr))
    return;
  const bool circle = passing;
  passing = 1;
  if (!circle && (before.sa_flags & SA_SIGINFO)) {
    before.sa_sigaction(number, info, context);
  } else if (!circle && before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else if (circle || before.sa_handler == SIG_DFL || info->si_code > 0) {
    /* As if we were not there: the fault happens again, a sent signal is sent again. */
    signal(number, SIG_DFL);
    if (info->si_code <= 0)
      raise(number);
  }
  passing = circle;
}

/* Also again, where somebody put another handler in the place of ours. */
static int install(void) {
  struct sigaction now;
  if (sigaction(SIGBUS, NULL, &now) < 0)
    return -errno;
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle)
    return 0;
  before = now;
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

int oriel_audio_guard_add(void *base, size_t size, atomic_bool *cut) {
  pthread_mutex_lock(&mutex);
  int rc = install();
  size_t i = 0;
  while (i < GUARDS && atomic_load(&guards[i].base))
    i++;
  if (i == GUARDS)
    rc = -ENOMEM;
  if (rc == 0) {
    guards[i].size = size;
    guards[i].cut = cut;
    /* Release; partner: the acquire in replace(). */
    atomic_store_explicit(&guards[i].base, (uintptr_t)base, memory_order_release);
  }
  pthread_mutex_unlock(&mutex);
  return rc;
}

void oriel_audio_guard_remove(void *base) {
  pthread_mutex_lock(&mutex);
  for (size_t i = 0; i < GUARDS; i++)
    if (atomic_load(&guards[i].base) == (uintptr_t)base)
      atomic_store(&guards[i].base, 0);
  pthread_mutex_unlock(&mutex);
}
