/* SPDX-License-Identifier: MIT
 *
 * The watch over IO callbacks. See rt.h.
 */
#include "tests/darwin/rt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { SELECTOR_ALLOW = 0, SELECTOR_BLOCK = 1 };

static _Thread_local volatile bool inside;
static _Thread_local bool watching;
static _Thread_local volatile char selector; /* read by the kernel at each system call of the thread */
static _Atomic size_t count;
static const char *_Atomic notes[RT_NOTES_MAX];
static char numbers[512][24];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void note(const char *what) {
  size_t index = atomic_fetch_add(&count, 1);
  if (index < RT_NOTES_MAX)
    atomic_store(&notes[index], what);
}

void rt_enter(void) {
  inside = true;
  if (watching)
    selector = SELECTOR_BLOCK;
}

void rt_leave(void) {
  selector = SELECTOR_ALLOW;
  inside = false;
}

bool rt_inside(void) {
  return inside;
}

void rt_forbidden(const char *what) {
  if (inside)
    note(what);
}

size_t rt_count(void) {
  return atomic_load(&count);
}

const char *rt_note(size_t index) {
  const char *text = index < RT_NOTES_MAX ? atomic_load(&notes[index]) : NULL;
  return text ? text : "";
}

void rt_reset(void) {
  atomic_store(&count, 0);
  for (size_t i = 0; i < RT_NOTES_MAX; i++)
    atomic_store(&notes[i], NULL);
}

/* The call itself does not happen: it "fails" with whatever rax holds, the call's number. One per callback is enough.
 */
static void on_sigsys(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number, (void)context;
  selector = SELECTOR_ALLOW; /* or returning from here would trap too */
  note(numbers[(unsigned)info->si_syscall % 512]);
}

static void prepare(void) {
  for (unsigned i = 0; i < 512; i++)
    snprintf(numbers[i], sizeof numbers[i], "system call %u", i);
}

/* Each time: test frameworks take such signals for themselves at the start of each test. */
static void catch_sigsys(void) {
  struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGSYS, &action, NULL);
}

bool rt_watch_syscalls(void) {
  if (SANITIZED)
    return false; /* a sanitizer's own calls would be taken for the driver's */
  pthread_once(&once, prepare);
  catch_sigsys();
  selector = SELECTOR_ALLOW;
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0ul, 0ul, (unsigned long)(uintptr_t)&selector) != 0)
    return false;
  watching = true;
  return true;
}
