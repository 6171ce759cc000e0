/* SPDX-License-Identifier: MIT
 *
 * A mutex between a real-time thread and others: who holds it inherits the priority of who waits. Never for the data
 * thread.
 */
#ifndef ORIEL_GUEST_AGENT_LOCK_H
#define ORIEL_GUEST_AGENT_LOCK_H

#include <pthread.h>

static inline void agent_lock_init(pthread_mutex_t *lock) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(lock, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

#endif
