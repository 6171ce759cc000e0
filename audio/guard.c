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

/* A slot is the handler's to read while `base` is set, and says the same before and after. */
static struct {
  _Atomic uintptr_t base;
  _Atomic size_t size;
  atomic_bool *_Atomic cut;
} guards[GUARDS];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards adding and removing, and these: */
static struct sigaction before; /* set before the handler can run; the handler reads it */

/* Set while we call the handler before ours: if that one calls ours again, somebody chained us in a circle. */
static _Thread_local volatile sig_atomic_t passing __attribute__((tls_model("initial-exec")));

static bool replace(uintptr_t address) {
  for (size_t i = 0; i < GUARDS; i++) {
    const uintptr_t base = atomic_load(&guards[i].base);
    const size_t size = atomic_load(&guards[i].size);
    atomic_bool *cut = atomic_load(&guards[i].cut);
    /* Once more: meanwhile another thread may have taken the slot for another mapping. Ours stays where it is while
     * somebody touches it. */
    if (!base || address < base || address - base >= size || atomic_load(&guards[i].base) != base)
      continue;
    void *at = (void *)base; /* NOLINT: an address of ours, kept as a number to be atomic */
    const int kept = errno;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    const bool done = mmap(at, size, PROT_READ | PROT_WRITE, flags, -1, 0) == at;
    errno = kept;
    atomic_store(cut, true);
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
  int error = install();
  size_t i = 0;
  while (i < GUARDS && atomic_load(&guards[i].base))
    i++;
  if (i == GUARDS)
    error = -ENOMEM;
  if (error == 0) {
    atomic_store(&guards[i].size, size);
    atomic_store(&guards[i].cut, cut);
    atomic_store(&guards[i].base, (uintptr_t)base); /* last: from here on the handler reads them */
  }
  pthread_mutex_unlock(&mutex);
  return error;
}

void oriel_audio_guard_remove(void *base) {
  pthread_mutex_lock(&mutex);
  for (size_t i = 0; i < GUARDS; i++)
    if (atomic_load(&guards[i].base) == (uintptr_t)base)
      atomic_store(&guards[i].base, 0);
  pthread_mutex_unlock(&mutex);
}
