/* SPDX-License-Identifier: MIT
 *
 * oriel_receiver_pull is real-time safe: through start, drift, stall, trim, underrun, loss and reset it calls neither
 * the allocator nor a lock nor the kernel. The linker puts the guards below in place of these functions in everything
 * the program links statically, the receiver among it; where the kernel allows it, a child pulls under a filter that
 * kills at any system call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/media/link.h"

static bool pulling;
static unsigned calls, forbidden;

static void guard(void) {
  calls++;
  forbidden += pulling;
}

#define GUARD(result, name, parameters, arguments) \
  result __real_##name parameters; \
  result __wrap_##name parameters; \
  result __wrap_##name parameters { \
    guard(); \
    return __real_##name arguments; \
  }
GUARD(void *, malloc, (size_t size), (size))
GUARD(void *, calloc, (size_t count, size_t size), (count, size))
GUARD(void *, realloc, (void *memory, size_t size), (memory, size))
GUARD(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
GUARD(void, free, (void *memory), (memory))
GUARD(int, pthread_mutex_lock, (pthread_mutex_t *mutex), (mutex))
GUARD(int, pthread_mutex_trylock, (pthread_mutex_t *mutex), (mutex))
GUARD(int, pthread_mutex_unlock, (pthread_mutex_t *mutex), (mutex))
GUARD(int, pthread_cond_signal, (pthread_cond_t *condition), (condition))
GUARD(int, sem_post, (sem_t *semaphore), (semaphore))
GUARD(int, sem_wait, (sem_t *semaphore), (semaphore))
GUARD(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
GUARD(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
GUARD(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
GUARD(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))
GUARD(int, clock_gettime, (clockid_t clock, struct timespec *time), (clock, time))
GUARD(int, nanosleep, (const struct timespec *time, struct timespec *rest), (time, rest))
GUARD(int, puts, (const char *text), (text))
GUARD(size_t, fwrite, (const void *data, size_t size, size_t count, FILE *file), (data, size, count, file))

/* Every pull of the program comes through here, too. */
size_t __real_oriel_receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns);
size_t __wrap_oriel_receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns);
size_t __wrap_oriel_receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns) {
  pulling = true;
  size_t sound = __real_oriel_receiver_pull(receiver, frames, count, now_ns);
  pulling = false;
  return sound;
}

static void live_through_all(bool is_pcm) {
  struct link link = {.packet = 240, .pull = 256, .tone_hz = 440, .sender_ppm = 500, .jitter_ns = 1e6};
  if (is_pcm)
    link.channels = 1;
  assert_int_equal(link_open(&link, is_pcm, 0), 0);
  link_run(&link, 3);
  link.held = true;
  link_run(&link, 0.5);
  link.held = false;
  link_run(&link, 0.5);
  link.next_pull_ns += 0.5e9;
  link_run(&link, 1);
  link.lost = 0.3;
  link_run(&link, 0.5);
  oriel_receiver_reset(link.receiver);
  link_run(&link, 0.5);
  link.path_ns = 60e6;
  link_run(&link, 1);
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(link.receiver, &stats);
  assert_true(stats.underruns >= 2 && stats.concealed_frames > 0 && stats.trimmed_frames > 0 && stats.ratio != 1);
  link_close(&link);
}

static void pull_calls_nothing_forbidden(void **state) {
  (void)state;
  calls = forbidden = 0;
  live_through_all(true);
  live_through_all(false);
  assert_true(calls > 4); /* the guards are in place: creation allocates */
  assert_int_equal(forbidden, 0);
}

/* A packet every 5 ms, prepared before; pulls alone are under the filter, so all packets are pushed ahead of them. */
static int pull_filtered(void) {
  const struct oriel_receiver_config config = {.is_pcm = true, .channels = 2, .rate = 48000};
  struct oriel_receiver *receiver = NULL;
  static float frames[8192 * 2];
  if (oriel_receiver_create(&config, &receiver) < 0)
    return 2;
  for (uint64_t i = 0; i < 100; i++)
    for (unsigned half = 0; half < 2; half++)
      if (oriel_receiver_push(receiver, frames, 120 * 2 * sizeof(float), 2 * i + half, 1000000000 + i * 5000000) < 0)
        return 2;
  const struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
  };
  const struct sock_fprog program = {.len = sizeof code / sizeof *code,
                                     .filter = (struct sock_filter *)(uintptr_t)code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
    return 3;
  for (uint64_t i = 0; i < 200; i++)
    __real_oriel_receiver_pull(receiver, frames, 256, 1480000000 + i * 5333333);
  return 0;
}

static void pull_calls_no_kernel(void **state) {
  (void)state;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
  skip(); /* the sanitizer's own calls would end it */
#endif
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    syscall(SYS_exit_group, pull_filtered());
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
    skip(); /* no filters here */
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pull_calls_nothing_forbidden),
    cmocka_unit_test(pull_calls_no_kernel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
