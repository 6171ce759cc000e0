/* SPDX-License-Identifier: MIT
 *
 * Preloaded into a program, this lets the n-th allocation or the n-th descriptor-making call of its main() fail, once.
 * The program is loaded once and then forks for every n: see torture.h for what its parent says and hears.
 *
 * Linux with glibc. Real calls are made by system call or through glibc's own names, so that nothing here allocates.
 */
#undef _FILE_OFFSET_BITS /* it would make open() and open64() one symbol */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { DEPTH = 24, WAY = 10 /* calls of it that tell one way from another */, WAYS_MAX = 1 << 14 };

/** What a child leaves to the server. */
static struct shared {
  atomic_uint_fast64_t counts[FAULT_KINDS];
  atomic_uint_fast64_t failed_at;
  uint64_t ways[WAYS_MAX]; /* hashes of those on which something has failed; 0 = free */
} *shared;

static struct fault_order order;
static bool active; /* while main() runs */
static atomic_uint_fast64_t counts[FAULT_KINDS];
static pthread_mutex_t choosing = PTHREAD_MUTEX_INITIALIZER;
static void *failed_way[DEPTH];
static int failed_depth;

/** Remembers a way (FNV-1a over its return addresses); true when it is new. */
static bool is_new(void *const *way, int depth) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int i = 0; i < depth && i < WAY; i++)
    hash = (hash ^ (uintptr_t)way[i]) * 0x100000001b3u;
  hash |= 1;
  for (size_t i = hash % WAYS_MAX, tried = 0; tried < WAYS_MAX; i = (i + 1) % WAYS_MAX, tried++) {
    if (shared->ways[i] == hash)
      return false;
    if (shared->ways[i])
      continue;
    shared->ways[i] = hash;
    return true;
  }
  return false;
}

/** Whether number `count` of the kind that is asked for is the one. */
static bool is_chosen(uint64_t count) {
  if (!order.fresh)
    return count == order.at || (order.lasting && count > order.at);
  if (count < order.at || atomic_load(&shared->failed_at))
    return false;
  void *way[DEPTH];
  int depth = backtrace(way, DEPTH);
  return is_new(way + 2, depth - 2);
}

/** Counts one piece of work; true when it is the one that fails. */
static bool fails(enum fault_kind kind) {
  static _Thread_local bool inside; /* walking the stack may allocate */
  if (!active || inside)
    return false;
  uint64_t count = atomic_fetch_add(&counts[kind], 1) + 1;
  if (kind != order.kind)
    return false;
  inside = true;
  pthread_mutex_lock(&choosing);
  bool chosen = is_chosen(count);
  if (chosen && !atomic_load(&shared->failed_at)) {
    atomic_store(&shared->failed_at, count);
    failed_depth = backtrace(failed_way, DEPTH);
    if (getenv("TORTURE_TRACE"))
      backtrace_symbols_fd(failed_way, failed_depth, 2);
  }
  pthread_mutex_unlock(&choosing);
  inside = false;
  return chosen;
}

static bool fails_memory(void) {
  if (!fails(FAULT_MEMORY))
    return false;
  errno = ENOMEM;
  return true;
}

/** True, with EMFILE, when a call that makes a descriptor fails. */
static bool fails_descriptor(void) {
  if (!fails(FAULT_DESCRIPTOR))
    return false;
  errno = EMFILE;
  return true;
}

/* ---- memory ---- */

void *malloc(size_t size) {
  return fails_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return fails_memory() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  return size && fails_memory() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return realloc(old, bytes);
}

void *memalign(size_t alignment, size_t size) {
  return fails_memory() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (!memory)
    return ENOMEM;
  *out = memory;
  return 0;
}

/* ---- descriptors ---- */

int socket(int domain, int type, int protocol) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int pair[2]) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_socketpair, domain, type, protocol, pair);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_accept4, fd, address, size, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *size) {
  return accept4(fd, address, size, 0);
}

int pipe2(int pair[2], int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_pipe2, pair, flags);
}

int pipe(int pair[2]) {
  return pipe2(pair, 0);
}

int eventfd(unsigned value, int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_eventfd2, value, flags);
}

int epoll_create1(int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_epoll_create1, flags);
}

int epoll_create(int size) {
  (void)size;
  return epoll_create1(0);
}

int timerfd_create(int clock, int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_timerfd_create, clock, flags);
}

int memfd_create(const char *name, unsigned flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_memfd_create, name, flags);
}

int inotify_init1(int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_inotify_init1, flags);
}

int dup(int fd) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_dup, fd);
}

int dup3(int fd, int wanted, int flags) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_dup3, fd, wanted, flags);
}

static int open_at(int directory, const char *path, int flags, mode_t mode) {
  return fails_descriptor() ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

#define MODE_OF(flags, last)                     \
  __extension__({                                \
    mode_t mode_ = 0;                            \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {     \
      va_list arguments_;                        \
      va_start(arguments_, last);                \
      mode_ = (mode_t)va_arg(arguments_, int);   \
      va_end(arguments_);                        \
    }                                            \
    mode_;                                       \
  })

int open(const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags, flags);
  return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags, flags);
  return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags, flags);
  return open_at(directory, path, flags, mode);
}

/* ---- threads ---- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument) {
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
  if (fails(FAULT_THREAD))
    return EAGAIN;
  *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
  return real(thread, attributes, function, argument);
}

/* ---- where it crashed ---- */

static void on_crash(int number) {
  static const char crash[] = "crashed here:\n", cause[] = "after this had failed:\n";
  void *here[DEPTH];
  active = false;
  int depth = backtrace(here, DEPTH);
  (void)!write(2, crash, sizeof crash - 1);
  backtrace_symbols_fd(here, depth, 2);
  (void)!write(2, cause, sizeof cause - 1);
  backtrace_symbols_fd(failed_way, failed_depth, 2);
  signal(number, SIG_DFL);
  raise(number);
}

/* ---- the fork server ---- */

static int (*real_main)(int, char **, char **);

static bool read_order(struct fault_order *next) {
  return read(FAULT_ORDER_FD, next, sizeof *next) == (ssize_t)sizeof *next;
}

static void report(const struct fault_report *done) {
  (void)!write(FAULT_REPORT_FD, done, sizeof *done);
}

/** In the child, before main(). */
static void become(const struct fault_order *next) {
  if (syscall(SYS_dup3, FAULT_OUTPUT_FD, 1, 0) < 0 || syscall(SYS_dup3, FAULT_OUTPUT_FD, 2, 0) < 0)
    _exit(99);
  syscall(SYS_close, FAULT_OUTPUT_FD);
  syscall(SYS_close, FAULT_ORDER_FD);
  syscall(SYS_close, FAULT_REPORT_FD);
  order = *next;
  signal(SIGSEGV, on_crash);
  signal(SIGBUS, on_crash);
  active = true;
}

static void publish(void) {
  for (int kind = 0; kind < FAULT_KINDS; kind++)
    atomic_store(&shared->counts[kind], atomic_load(&counts[kind]));
}

void _exit(int status) {
  if (shared)
    publish();
  for (;;)
    syscall(SYS_exit_group, status);
}

static int serve_orders(int argc, char **argv, char **environment) {
  struct fault_order next;
  void *first[1];
  (void)backtrace(first, 1); /* the first walk allocates */
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (shared != MAP_FAILED && read_order(&next)) {
    memset(shared, 0, offsetof(struct shared, ways));
    pid_t child = fork();
    if (child == 0) {
      become(&next);
      int status = real_main(argc, argv, environment);
      active = false; /* libraries' destructors are not ours */
      publish();
      exit(status);
    }
    struct fault_report done = {.pid = child};
    report(&done); /* so that the parent can ask it for pages, and end it */
    if (waitpid(child, &done.status, 0) < 0)
      return 1;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
      done.counts[kind] = atomic_load(&shared->counts[kind]);
    done.failed_at = atomic_load(&shared->failed_at);
    report(&done);
  }
  return 0;
}

/* The C library declares it nowhere. */
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader_fini)(void), void *stack_end);

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader_fini)(void), void *stack_end) {
  int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
    NULL;
  *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
  real_main = program;
  return real(serve_orders, argc, argv, init, fini, loader_fini, stack_end);
}
