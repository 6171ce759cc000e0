/* SPDX-License-Identifier: MIT
 *
 * pthread_cond_timedwait_relative_np, as macOS' <pthread.h> declares it.
 */
#ifndef ORIEL_TESTS_CORE_RELATIVE_H
#define ORIEL_TESTS_CORE_RELATIVE_H

#include <pthread.h>
#include <time.h>

int pthread_cond_timedwait_relative_np(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *span);

#endif
