/* SPDX-License-Identifier: MIT
 *
 * The calls marked "data thread" make no system call: they run under seccomp's strict mode, where any but read,
 * write and exit is SIGKILL. Nor do they allocate or lock: the library's references to these functions are wrapped
 * and counted.
 */
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/audio/device.h"

static unsigned calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *memory);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

void *__wrap_malloc(size_t size) {
  calls++;
  return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  calls++;
  return __real_calloc(count, size);
}

void __wrap_free(void *memory) {
  calls++;
  __real_free(memory);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
  calls++;
  return __real_pthread_mutex_lock(mutex);
}

static float frames[8192 * DEVICE_CHANNELS];

/* Never returns: 0, or what went wrong. */
static void strict(struct oriel_audio_writer *writer, struct oriel_audio_reader *reader, bool forbidden) {
  long result = 0;
  calls = 0;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
    syscall(SYS_exit, 3);
  if (forbidden)
    oriel_audio_reader_info(reader, &(struct oriel_audio_info){0}); /* looks at the lock: a system call */
  for (size_t i = 0; i < 2000; i++) {
    oriel_audio_writer_set_running(writer, i % 2);
    oriel_audio_writer_write(writer, frames, i % 3000, i);
    oriel_audio_writer_silence(writer, i % 100, i);
    size_t count = i % 777;
    float *span = oriel_audio_writer_acquire(writer, &count);
    if (count)
      span[0] = 1;
    oriel_audio_writer_commit(writer, count, i);
    result |= oriel_audio_writer_check(writer) != 0;
    result |= oriel_audio_reader_read(reader, frames, i % 3000, 0) < 0 ? 2 : 0;
    oriel_audio_reader_trim(reader, i % 50);
  }
  syscall(SYS_exit, calls ? 4 : result);
}

static int run_strict(bool named, bool forbidden) {
  char name[32];
  struct oriel_audio_writer *writer, *sealed = NULL;
  struct oriel_audio_reader *reader;
  device_name("strict", name);
  assert_int_equal(oriel_audio_writer_create(named ? name : NULL, &device_config, &writer), 0);
  /* Under a name on Linux readers do make system calls; the mapped one reads another memory. */
  if (named)
    assert_int_equal(oriel_audio_writer_create(NULL, &device_config, &sealed), 0);
  assert_int_equal(oriel_audio_reader_open_fd(oriel_audio_writer_fd(sealed ? sealed : writer), &reader), 0);
  assert_true(calls > 0); /* the wrapping works */
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (!pid)
    strict(writer, reader, forbidden);
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  oriel_audio_reader_close(reader);
  oriel_audio_writer_destroy(sealed);
  oriel_audio_writer_destroy(writer);
  return status;
}

static void realtime_data_threads_make_no_call(void **state) {
  (void)state;
  assert_int_equal(run_strict(false, false), 0);
  assert_int_equal(run_strict(true, false), 0);
}

static void realtime_test_notices_a_call(void **state) {
  (void)state;
  const int status = run_strict(false, true);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(realtime_data_threads_make_no_call),
    cmocka_unit_test(realtime_test_notices_a_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
