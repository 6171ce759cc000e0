/* SPDX-License-Identifier: MIT
 *
 * Imports of a bundle: threads, locks, signals. Darwin's opaque types begin with a word that says what they are; the
 * next holds our own object, made at first use for those that were only initialised by the compiler. See shim.h.
 */
#include "tests/darwin/shim.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/darwin/rt.h"

enum { DETACHED = 2 };

struct opaque {
  long sig;
  void *own;
};

struct attributes {
  long sig;
  long detached;
  size_t stack_size;
};

/* Those of a bundle's static locks live as long as the process: the list keeps them known. */
struct own {
  struct own *next;
  bool condition;
  union {
    pthread_mutex_t mutex;
    pthread_cond_t waiters;
  };
};

static pthread_mutex_t making =
    PTHREAD_MUTEX_INITIALIZER; /* guards the list, and making what an opaque one points to */
static struct own *all;

static struct own *own_of(struct opaque *opaque, bool condition) {
  pthread_mutex_lock(&making);
  struct own *own = opaque->own;
  if (!own) {
    own = calloc(1, sizeof *own);
    if (!own || (condition ? pthread_cond_init(&own->waiters, NULL) : pthread_mutex_init(&own->mutex, NULL)) != 0)
      abort();
    own->condition = condition;
    own->next = all;
    all = own;
    opaque->own = own;
  }
  pthread_mutex_unlock(&making);
  return own;
}

static pthread_mutex_t *own_mutex(struct opaque *mutex) {
  return &own_of(mutex, false)->mutex;
}

static pthread_cond_t *own_condition(struct opaque *condition) {
  return &own_of(condition, true)->waiters;
}

static int own_destroy(struct opaque *opaque) {
  struct own *own = opaque->own;
  if (!own)
    return 0;
  int error = own->condition ? pthread_cond_destroy(&own->waiters) : pthread_mutex_destroy(&own->mutex);
  if (error)
    return shim_error(error);
  pthread_mutex_lock(&making);
  struct own **link = &all;
  while (*link != own)
    link = &(*link)->next;
  *link = own->next;
  pthread_mutex_unlock(&making);
  free(own);
  opaque->own = NULL;
  return 0;
}

static int shim_mutex_init(struct opaque *mutex, const void *attributes) {
  (void)attributes;
  *mutex = (struct opaque){0x4d555458, NULL};
  own_mutex(mutex);
  return 0;
}

static int shim_mutex_lock(struct opaque *mutex) {
  rt_forbidden("pthread_mutex_lock");
  return shim_error(pthread_mutex_lock(own_mutex(mutex)));
}

static int shim_mutex_trylock(struct opaque *mutex) {
  rt_forbidden("pthread_mutex_trylock");
  return shim_error(pthread_mutex_trylock(own_mutex(mutex)));
}

static int shim_mutex_unlock(struct opaque *mutex) {
  rt_forbidden("pthread_mutex_unlock");
  return shim_error(pthread_mutex_unlock(own_mutex(mutex)));
}

static int shim_cond_init(struct opaque *condition, const void *attributes) {
  (void)attributes;
  *condition = (struct opaque){0x434f4e44, NULL};
  own_condition(condition);
  return 0;
}

static int shim_cond_wait(struct opaque *condition, struct opaque *mutex) {
  rt_forbidden("pthread_cond_wait");
  return shim_error(pthread_cond_wait(own_condition(condition), own_mutex(mutex)));
}

static int shim_cond_timedwait(struct opaque *condition, struct opaque *mutex, const struct timespec *until) {
  rt_forbidden("pthread_cond_timedwait");
  return shim_error(pthread_cond_timedwait(own_condition(condition), own_mutex(mutex), until));
}

static int shim_cond_timedwait_relative(struct opaque *condition, struct opaque *mutex, const struct timespec *wait) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += wait->tv_sec + (until.tv_nsec + wait->tv_nsec) / 1000000000;
  until.tv_nsec = (until.tv_nsec + wait->tv_nsec) % 1000000000;
  return shim_cond_timedwait(condition, mutex, &until);
}

static int shim_cond_signal(struct opaque *condition) {
  rt_forbidden("pthread_cond_signal");
  return shim_error(pthread_cond_signal(own_condition(condition)));
}

static int shim_cond_broadcast(struct opaque *condition) {
  rt_forbidden("pthread_cond_broadcast");
  return shim_error(pthread_cond_broadcast(own_condition(condition)));
}

static int shim_once(struct opaque *once, void (*routine)(void)) {
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  rt_forbidden("pthread_once");
  pthread_mutex_lock(&one_at_a_time);
  if (!once->own) {
    routine();
    once->own = once;
  }
  pthread_mutex_unlock(&one_at_a_time);
  return 0;
}

/* Threads */

static int shim_attr_init(struct attributes *attributes) {
  *attributes = (struct attributes){0x54485244, 1, 0};
  return 0;
}

static int shim_attr_destroy(struct attributes *attributes) {
  attributes->sig = 0;
  return 0;
}

static int shim_attr_setdetachstate(struct attributes *attributes, int state) {
  attributes->detached = state;
  return state == 1 || state == DETACHED ? 0 : EINVAL;
}

static int shim_attr_setstacksize(struct attributes *attributes, size_t size) {
  attributes->stack_size = size;
  return size < 16384 ? EINVAL : 0;
}

static int shim_create(pthread_t *thread, const struct attributes *attributes, void *(*start)(void *), void *context) {
  pthread_attr_t ours;
  rt_forbidden("pthread_create");
  pthread_attr_init(&ours);
  if (attributes && attributes->detached == DETACHED)
    pthread_attr_setdetachstate(&ours, PTHREAD_CREATE_DETACHED);
  if (attributes && attributes->stack_size)
    pthread_attr_setstacksize(&ours, attributes->stack_size);
  int error = pthread_create(thread, &ours, start, context);
  pthread_attr_destroy(&ours);
  return shim_error(error);
}

static int shim_join(pthread_t thread, void **result) {
  rt_forbidden("pthread_join");
  return shim_error(pthread_join(thread, result));
}

static int shim_detach(pthread_t thread) {
  return shim_error(pthread_detach(thread));
}

static int shim_setname(const char *name) {
  char cut[16] = {0};
  for (size_t i = 0; i < sizeof cut - 1 && name[i]; i++)
    cut[i] = name[i];
  return shim_error(pthread_setname_np(pthread_self(), cut));
}

static atomic_uint interactive;

unsigned shim_interactive_threads(void) {
  return atomic_load(&interactive);
}

static int shim_set_qos(unsigned class, int priority) {
  enum { USER_INTERACTIVE = 0x21 };
  atomic_fetch_add(&interactive, class == USER_INTERACTIVE && priority == 0);
  return class == USER_INTERACTIVE ? 0 : EINVAL;
}

/* Locks of one word: 0 is free. */
static void shim_unfair_lock(_Atomic uint32_t *lock) {
  uint32_t none = 0;
  rt_forbidden("os_unfair_lock_lock");
  while (!atomic_compare_exchange_weak(lock, &none, 1)) {
    none = 0;
    sched_yield();
  }
}

static void shim_unfair_unlock(_Atomic uint32_t *lock) {
  rt_forbidden("os_unfair_lock_unlock");
  atomic_store(lock, 0);
}

/* Signals: a set is 32 bits there, the n-th bit signal n + 1. */

static int to_signal(int number) {
  static const unsigned char of[32] = {0,  1,  2,  3,  4,  5,  6,  0,  8,  9,  7,  11, 31, 13, 14, 15,
                                       23, 19, 20, 18, 17, 21, 22, 29, 24, 25, 26, 27, 28, 0,  10, 12};
  return number > 0 && number < 32 ? of[number] : 0;
}

static int shim_sigemptyset(uint32_t *set) {
  *set = 0;
  return 0;
}

static int shim_sigfillset(uint32_t *set) {
  *set = 0xffffffff;
  return 0;
}

static int shim_sigaddset(uint32_t *set, int number) {
  *set |= 1u << (number - 1);
  return 0;
}

/* What was blocked before comes back as nothing: callers here only set, for the life of a thread. */
static int shim_sigmask(int how, const uint32_t *set, uint32_t *old) {
  sigset_t ours;
  sigemptyset(&ours);
  for (int number = 1; set && number < 32; number++)
    if (*set >> (number - 1) & 1 && to_signal(number))
      sigaddset(&ours, to_signal(number));
  if (old)
    *old = 0;
  rt_forbidden("pthread_sigmask");
  return set ? shim_error(pthread_sigmask(how == 1   ? SIG_BLOCK
                                          : how == 2 ? SIG_UNBLOCK
                                                     : SIG_SETMASK,
                                          &ours, NULL))
             : 0;
}

#define PTHREAD(name, function) SHIM("_pthread_" name, function)

const struct shim shim_thread[] = {
    PTHREAD("mutex_init", shim_mutex_init),
    PTHREAD("mutex_destroy", own_destroy),
    PTHREAD("mutex_lock", shim_mutex_lock),
    PTHREAD("mutex_trylock", shim_mutex_trylock),
    PTHREAD("mutex_unlock", shim_mutex_unlock),
    PTHREAD("cond_init", shim_cond_init),
    PTHREAD("cond_destroy", own_destroy),
    PTHREAD("cond_wait", shim_cond_wait),
    PTHREAD("cond_timedwait", shim_cond_timedwait),
    PTHREAD("cond_timedwait_relative_np", shim_cond_timedwait_relative),
    PTHREAD("cond_signal", shim_cond_signal),
    PTHREAD("cond_broadcast", shim_cond_broadcast),
    PTHREAD("once", shim_once),
    PTHREAD("attr_init", shim_attr_init),
    PTHREAD("attr_destroy", shim_attr_destroy),
    PTHREAD("attr_setdetachstate", shim_attr_setdetachstate),
    PTHREAD("attr_setstacksize", shim_attr_setstacksize),
    PTHREAD("create", shim_create),
    PTHREAD("join", shim_join),
    PTHREAD("detach", shim_detach),
    PTHREAD("self", pthread_self),
    PTHREAD("setname_np", shim_setname),
    PTHREAD("set_qos_class_self_np", shim_set_qos),
    PTHREAD("sigmask", shim_sigmask),
    SHIM("_sched_yield", sched_yield),
    SHIM("_os_unfair_lock_lock", shim_unfair_lock),
    SHIM("_os_unfair_lock_unlock", shim_unfair_unlock),
    SHIM("_sigemptyset", shim_sigemptyset),
    SHIM("_sigfillset", shim_sigfillset),
    SHIM("_sigaddset", shim_sigaddset),
};
const size_t shim_thread_count = sizeof shim_thread / sizeof shim_thread[0];
