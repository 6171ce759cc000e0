/* SPDX-License-Identifier: MIT
 *
 * The watch over IO callbacks: between rt_enter and rt_leave the calling thread may not allocate, lock, log or call the
 * system. What does so anyway is noted by name.
 *
 * Three nets: the tests' own CoreFoundation and log call rt_forbidden; rt_wrap.c stands before libc's functions for
 * natively linked code (and the Mach-O loader's table for a bundle); and, where the kernel offers syscall user
 * dispatch, rt_watch_syscalls catches every system call of the thread, by whatever way it was reached.
 *
 * Thread-safety: any thread; each is watched by itself. Notes are kept for the process, in atomics.
 */
#ifndef ORIEL_TESTS_DARWIN_RT_H
#define ORIEL_TESTS_DARWIN_RT_H

#include <stdbool.h>
#include <stddef.h>

enum { RT_NOTES_MAX = 32 };

/** From here on this thread is inside an IO callback. Does not nest. */
void rt_enter(void);
void rt_leave(void);
bool rt_inside(void);
/** To be called by whatever an IO callback must not do. `what` is static. */
void rt_forbidden(const char *what);
/** How many forbidden things were done since rt_reset, in all threads. */
size_t rt_count(void);
/** What the index-th was, for index < min(rt_count(), RT_NOTES_MAX). */
const char *rt_note(size_t index);
void rt_reset(void);
/** Also watch this thread's system calls. Returns false if this kernel (or a sanitizer) does not let us. */
bool rt_watch_syscalls(void);

#endif
