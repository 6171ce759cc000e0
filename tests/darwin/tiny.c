/* SPDX-License-Identifier: MIT
 *
 * A small bundle for macOS, cross-built by the tests for the loader: one function per thing that a loader or a shim can
 * get wrong. Each returns 0, or the number of the line that went wrong.
 */
#include <CoreFoundation/CoreFoundation.h>
#include <mach/mach_time.h>
#include <os/log.h>

/* Darwin's C library, as far as it is needed here. */
struct mutex {
  long sig;
  char opaque[56];
};
struct timespec {
  long tv_sec, tv_nsec;
};
struct status {
  int device;
  uint16_t mode, links;
  uint64_t inode;
  uint32_t user, group;
  int special;
  struct timespec times[4];
  int64_t size, blocks;
  int32_t block_size;
  uint32_t more[2];
  int32_t spare;
  int64_t spares[2];
};
int *__error(void);
int open(const char *path, int flags, ...);
int close(int fd);
long read(int fd, void *bytes, size_t size);
int pipe(int fds[2]);
int fcntl(int fd, int command, ...);
int fstat(int fd, struct status *status) __asm("_fstat$INODE64");
int snprintf(char *text, size_t size, const char *format, ...);
int strcmp(const char *a, const char *b);
void *memset(void *memory, int value, size_t size);
void *malloc(size_t size);
void free(void *memory);
int pthread_mutex_lock(struct mutex *mutex);
int pthread_mutex_unlock(struct mutex *mutex);
int pthread_create(void **thread, const void *attributes, void *(*start)(void *), void *context);
int pthread_join(void *thread, void **result);
int socket(int family, int type, int protocol);
double sin(double angle);
double cos(double angle);
extern int nobody_has_this(int value) __attribute__((weak_import));

#define EXPORT __attribute__((visibility("default")))
#define CHECK(condition) \
  do {                   \
    if (!(condition))    \
      return __LINE__;   \
  } while (0)

enum { EAGAIN_THERE = 35, ENOENT_THERE = 2, EAFNOSUPPORT_THERE = 47, NONBLOCK_THERE = 4, SET_FLAGS = 4 };

static volatile int constructed;
static int numbers[3] = {10, 20, 30};
static int *volatile pointers[3] = {&numbers[2], &numbers[1], &numbers[0]};
static struct mutex lock = {0x32AAABA7, {0}};
static volatile int zeroes[2000];

EXPORT int tiny_constructed(void);
EXPORT int tiny_rebased(void);
EXPORT int tiny_errors(void);
EXPORT int tiny_text(void);
EXPORT int tiny_strings(void);
EXPORT int tiny_threads(void);
EXPORT int tiny_file(const char *path, long size);
EXPORT int tiny_weak(void);
EXPORT int tiny_numbers(double angle, double *sine, double *cosine);
EXPORT int tiny_forbidden(int what);
EXPORT extern int tiny_data;

int tiny_data = 1234;

__attribute__((constructor)) static void first(void) {
  constructed = constructed * 10 + 1;
}

__attribute__((constructor)) static void second(void) {
  constructed = constructed * 10 + 2;
}

int tiny_constructed(void) {
  CHECK(constructed == 12);
  for (int i = 0; i < 2000; i++)
    CHECK(zeroes[i] == 0);
  return 0;
}

int tiny_rebased(void) {
  CHECK(*pointers[0] == 30 && *pointers[1] == 20 && *pointers[2] == 10);
  return 0;
}

int tiny_errors(void) {
  int fds[2];
  char byte;
  CHECK(open("/nobody/has/this", 0) < 0 && *__error() == ENOENT_THERE);
  CHECK(pipe(fds) == 0);
  CHECK(fcntl(fds[0], SET_FLAGS, NONBLOCK_THERE) == 0);
  CHECK(read(fds[0], &byte, 1) < 0 && *__error() == EAGAIN_THERE);
  close(fds[0]);
  close(fds[1]);
  CHECK(socket(40, 1, 0) < 0 && *__error() == EAFNOSUPPORT_THERE); /* a Mac that is no guest has no virtual sockets */
  return 0;
}

int tiny_text(void) {
  char text[64];
  CHECK(snprintf(text, sizeof text, "%s %d %.2f %lld", "x", -1, 2.5, 1ll << 40) == 23);
  CHECK(strcmp(text, "x -1 2.50 1099511627776") == 0);
  os_log_error(OS_LOG_DEFAULT, "%{public}s is %d of %llu", "one", 1, 5ull);
  return 0;
}

int tiny_strings(void) {
  CFStringRef made = CFStringCreateWithCString(kCFAllocatorDefault, "fixed", kCFStringEncodingUTF8);
  CHECK(CFEqual(made, CFSTR("fixed")) && !CFEqual(made, CFSTR("other")));
  CFRelease(made);
  int value = 7, back = 0;
  CFNumberRef number = CFNumberCreate(NULL, kCFNumberIntType, &value);
  CFMutableDictionaryRef map =
      CFDictionaryCreateMutable(NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
  CFDictionarySetValue(map, CFSTR("seven"), number);
  CFRelease(number);
  CHECK(CFNumberGetValue(CFDictionaryGetValue(map, CFSTR("seven")), kCFNumberIntType, &back) && back == 7);
  CFRelease(map);
  return 0;
}

static void *count(void *context) {
  for (int i = 0; i < 10000; i++) {
    pthread_mutex_lock(&lock);
    ++*(volatile int *)context;
    pthread_mutex_unlock(&lock);
  }
  return context;
}

int tiny_threads(void) {
  void *threads[2], *result = NULL;
  int total = 0;
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&threads[i], NULL, count, &total) == 0);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_join(threads[i], &result) == 0 && result == &total);
  CHECK(total == 20000);
  return 0;
}

int tiny_file(const char *path, long size) {
  struct status status;
  int fd = open(path, 0x1000000 /* O_CLOEXEC */);
  CHECK(fd >= 0);
  CHECK(fcntl(fd, 1 /* F_GETFD */) == 1);
  memset(&status, 0xff, sizeof status);
  CHECK(fstat(fd, &status) == 0);
  CHECK(status.size == size && (status.mode & 0170000) == 0100000);
  close(fd);
  return 0;
}

int tiny_weak(void) {
  CHECK(nobody_has_this == NULL);
  return 0;
}

/* At -O2 the compiler asks for both at once, by a call that only Darwin has. */
int tiny_numbers(double angle, double *sine, double *cosine) {
  *sine = sin(angle);
  *cosine = cos(angle);
  return 0;
}

/* What an IO callback must not do. */
int tiny_forbidden(int what) {
  if (what == 0)
    free(malloc((size_t)*pointers[0]));
  if (what == 1)
    pthread_mutex_lock(&lock), pthread_mutex_unlock(&lock);
  if (what == 2)
    os_log_error(OS_LOG_DEFAULT, "in an IO callback");
  if (what == 3)
    close(-1);
  return (int)(mach_absolute_time() == 0);
}
