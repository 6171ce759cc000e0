/* SPDX-License-Identifier: MIT
 *
 * Stands before libc's functions in programs linked with darwin_watch_args (--wrap): natively linked driver code that
 * allocates, locks or waits inside an IO callback is noted by name. Any thread.
 */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "tests/darwin/rt.h"

/* meson.build lists the same names. */
#define WRAP(result, name, parameters, arguments) \
  result __real_##name parameters; \
  result __wrap_##name parameters; \
  result __wrap_##name parameters { \
    rt_forbidden(#name); \
    return __real_##name arguments; \
  }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(void, free, (void *old), (old))
WRAP(int, posix_memalign, (void **out, size_t alignment, size_t size), (out, alignment, size))
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(int, pthread_mutex_lock, (pthread_mutex_t *mutex), (mutex))
WRAP(int, pthread_mutex_trylock, (pthread_mutex_t *mutex), (mutex))
WRAP(int, pthread_mutex_unlock, (pthread_mutex_t *mutex), (mutex))
WRAP(int, pthread_cond_signal, (pthread_cond_t *condition), (condition))
WRAP(int, pthread_cond_broadcast, (pthread_cond_t *condition), (condition))
WRAP(int, pthread_cond_wait, (pthread_cond_t *condition, pthread_mutex_t *mutex), (condition, mutex))
WRAP(int, pthread_rwlock_rdlock, (pthread_rwlock_t *lock), (lock))
WRAP(int, pthread_rwlock_wrlock, (pthread_rwlock_t *lock), (lock))
WRAP(int, sem_post, (sem_t *semaphore), (semaphore))
WRAP(int, sem_wait, (sem_t *semaphore), (semaphore))
WRAP(ssize_t, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
WRAP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
WRAP(ssize_t, recv, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags))
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
WRAP(int, poll, (struct pollfd *fds, nfds_t count, int timeout), (fds, count, timeout))
WRAP(int, nanosleep, (const struct timespec *wanted, struct timespec *left), (wanted, left))
WRAP(int, usleep, (useconds_t us), (us))
WRAP(int, vsnprintf, (char *out, size_t size, const char *format, va_list arguments), (out, size, format, arguments))
WRAP(int, vfprintf, (FILE *file, const char *format, va_list arguments), (file, format, arguments))
WRAP(void, vsyslog, (int priority, const char *format, va_list arguments), (priority, format, arguments))

void __wrap_syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap_syslog(int priority, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  rt_forbidden("syslog");
  __real_vsyslog(priority, format, arguments);
  va_end(arguments);
}

int __wrap_fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_fprintf(FILE *file, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  rt_forbidden("fprintf");
  int count = __real_vfprintf(file, format, arguments);
  va_end(arguments);
  return count;
}
