/* SPDX-License-Identifier: MIT
 *
 * Imports of a bundle: error numbers, files, memory maps, terminals. See shim.h.
 */
#include "tests/darwin/shim.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/darwin/rt.h"

/* Linux's number, Darwin's number; the first 34 are the same but for EAGAIN. */
static const struct {
  int ours, theirs;
} errors[] = {
    {EAGAIN, 35},       {EINPROGRESS, 36},  {EALREADY, 37},     {ENOTSOCK, 38},        {EDESTADDRREQ, 39},
    {EMSGSIZE, 40},     {EPROTOTYPE, 41},   {ENOPROTOOPT, 42},  {EPROTONOSUPPORT, 43}, {EOPNOTSUPP, 102},
    {ENOTSUP, 45},      {EAFNOSUPPORT, 47}, {EADDRINUSE, 48},   {EADDRNOTAVAIL, 49},   {ENETDOWN, 50},
    {ENETUNREACH, 51},  {ENETRESET, 52},    {ECONNABORTED, 53}, {ECONNRESET, 54},      {ENOBUFS, 55},
    {EISCONN, 56},      {ENOTCONN, 57},     {ETIMEDOUT, 60},    {ECONNREFUSED, 61},    {ELOOP, 62},
    {ENAMETOOLONG, 63}, {EHOSTDOWN, 64},    {EHOSTUNREACH, 65}, {ENOTEMPTY, 66},       {ESTALE, 70},
    {ENOSYS, 78},       {EOVERFLOW, 84},    {ECANCELED, 89},    {EILSEQ, 92},          {EBADMSG, 94},
    {EPROTO, 100},      {EDEADLK, 11},
};

int shim_error(int linux_error) {
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
    if (errors[i].ours == linux_error)
      return errors[i].theirs;
  return linux_error;
}

int shim_error_back(int darwin_error) {
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
    if (errors[i].theirs == darwin_error)
      return errors[i].ours;
  return darwin_error;
}

static _Thread_local int darwin_errno;

static int *shim_errno(void) {
  return &darwin_errno;
}

long shim_result(long result) {
  if (result < 0)
    darwin_errno = shim_error(errno);
  return result;
}

/* Files */

static const struct {
  int theirs, ours;
} open_flags[] = {{0x4, O_NONBLOCK},   {0x8, O_APPEND},        {0x100, O_NOFOLLOW},
                  {0x200, O_CREAT},    {0x400, O_TRUNC},       {0x800, O_EXCL},
                  {0x20000, O_NOCTTY}, {0x1000000, O_CLOEXEC}, {0x100000, O_DIRECTORY}};

static int to_open(int flags) {
  int result = flags & 3;
  for (size_t i = 0; i < sizeof open_flags / sizeof open_flags[0]; i++)
    result |= flags & open_flags[i].theirs ? open_flags[i].ours : 0;
  return result;
}

static int from_open(int flags) {
  int result = flags & 3;
  for (size_t i = 0; i < sizeof open_flags / sizeof open_flags[0]; i++)
    result |= (flags & open_flags[i].ours) == open_flags[i].ours ? open_flags[i].theirs : 0;
  return result;
}

static int shim_open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & 0x200 ? (mode_t)va_arg(arguments, int) : 0;
  va_end(arguments);
  rt_forbidden("open");
  return (int)shim_result(open(path, to_open(flags), mode));
}

static int shim_shm_open(const char *name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & 0x200 ? (mode_t)va_arg(arguments, int) : 0;
  va_end(arguments);
  rt_forbidden("shm_open");
  return (int)shim_result(shm_open(name, to_open(flags), mode));
}

static int shim_shm_unlink(const char *name) {
  rt_forbidden("shm_unlink");
  return (int)shim_result(shm_unlink(name));
}

enum { GETFL = 3, SETFL = 4, SETNOSIGPIPE = 73, DUPFD_CLOEXEC = 67 };

static int shim_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  int value = va_arg(arguments, int);
  va_end(arguments);
  rt_forbidden("fcntl");
  if (command == SETNOSIGPIPE)
    return 0;
  if (command == GETFL) {
    int flags = fcntl(fd, F_GETFL);
    return (int)shim_result(flags < 0 ? flags : from_open(flags));
  }
  if (command == SETFL)
    return (int)shim_result(fcntl(fd, F_SETFL, to_open(value)));
  if (command == DUPFD_CLOEXEC)
    return (int)shim_result(fcntl(fd, F_DUPFD_CLOEXEC, value));
  if (command > 2)
    errno = EINVAL;
  return (int)shim_result(command > 2 ? -1 : fcntl(fd, command, value)); /* F_DUPFD, F_GETFD, F_SETFD */
}

struct darwin_stat {
  int32_t device;
  uint16_t mode, links;
  uint64_t inode;
  uint32_t user, group;
  int32_t special;
  struct timespec access, modify, change, birth;
  int64_t size, blocks;
  int32_t block_size;
  uint32_t flags, generation;
  int32_t spare;
  int64_t spares[2];
};
static_assert(sizeof(struct darwin_stat) == 144, "Darwin's struct stat");

static int give_stat(int result, const struct stat *from, struct darwin_stat *to) {
  if (result < 0)
    return (int)shim_result(result);
  *to = (struct darwin_stat){
      .device = (int32_t)from->st_dev,
      .mode = (uint16_t)from->st_mode,
      .links = (uint16_t)from->st_nlink,
      .inode = from->st_ino,
      .user = from->st_uid,
      .group = from->st_gid,
      .special = (int32_t)from->st_rdev,
      .access = from->st_atim,
      .modify = from->st_mtim,
      .change = from->st_ctim,
      .birth = from->st_ctim,
      .size = from->st_size,
      .blocks = from->st_blocks,
      .block_size = (int32_t)from->st_blksize,
  };
  return 0;
}

static int shim_stat(const char *path, struct darwin_stat *status) {
  struct stat ours;
  rt_forbidden("stat");
  return give_stat(stat(path, &ours), &ours, status);
}

static int shim_lstat(const char *path, struct darwin_stat *status) {
  struct stat ours;
  rt_forbidden("lstat");
  return give_stat(lstat(path, &ours), &ours, status);
}

static int shim_fstat(int fd, struct darwin_stat *status) {
  struct stat ours;
  rt_forbidden("fstat");
  return give_stat(fstat(fd, &ours), &ours, status);
}

/* The same but for the error: noted, called, translated. */
#define PASS(name, parameters, arguments) \
  static long shim_##name parameters {    \
    rt_forbidden(#name);                  \
    return shim_result(name arguments);   \
  }

PASS(close, (int fd), (fd))
PASS(read, (int fd, void *bytes, size_t size), (fd, bytes, size))
PASS(pread, (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at))
PASS(pwrite, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at))
PASS(readv, (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
PASS(lseek, (int fd, off_t at, int whence), (fd, at, whence))
PASS(ftruncate, (int fd, off_t size), (fd, size))
PASS(fchmod, (int fd, unsigned mode), (fd, mode))
PASS(chmod, (const char *path, unsigned mode), (path, mode))
PASS(mkdir, (const char *path, unsigned mode), (path, mode))
PASS(unlink, (const char *path), (path))
PASS(rename, (const char *from, const char *to), (from, to))
PASS(access, (const char *path, int mode), (path, mode))
PASS(pipe, (int fds[2]), (fds))
PASS(dup, (int fd), (fd))
PASS(dup2, (int fd, int other), (fd, other))
PASS(flock, (int fd, int operation), (fd, operation))
PASS(poll, (struct pollfd * fds, unsigned count, int timeout), (fds, count, timeout))
PASS(usleep, (unsigned us), (us))
PASS(munmap, (void *address, size_t size), (address, size))
PASS(mprotect, (void *address, size_t size, int protection), (address, size, protection))
PASS(mlock, (const void *address, size_t size), (address, size))
PASS(isatty, (int fd), (fd))
PASS(tcflush, (int fd, int queue), (fd, queue == 1 ? TCIFLUSH : queue == 2 ? TCOFLUSH : TCIOFLUSH))

static void *shim_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
  rt_forbidden("mmap");
  int ours = (flags & 0x13) | (flags & 0x1000 ? MAP_ANONYMOUS : 0);
  void *memory = mmap(address, size, protection, ours, fd, offset);
  if (memory == MAP_FAILED)
    shim_result(-1);
  return memory;
}

static long shim_sysconf(int name) {
  return name == 29 ? sysconf(_SC_PAGESIZE) : name == 58 ? sysconf(_SC_NPROCESSORS_ONLN) : -1;
}

/* Terminals: raw is all that we ask of them. */
struct darwin_termios {
  unsigned long input, output, control, local;
  unsigned char characters[20];
  unsigned long in_speed, out_speed;
};

static int shim_tcgetattr(int fd, struct darwin_termios *settings) {
  struct termios ours;
  rt_forbidden("tcgetattr");
  if (tcgetattr(fd, &ours) < 0)
    return (int)shim_result(-1);
  *settings = (struct darwin_termios){.in_speed = 9600, .out_speed = 9600};
  return 0;
}

static int shim_tcsetattr(int fd, int when, const struct darwin_termios *settings) {
  struct termios ours;
  (void)settings;
  rt_forbidden("tcsetattr");
  if (tcgetattr(fd, &ours) < 0)
    return (int)shim_result(-1);
  cfmakeraw(&ours);
  return (int)shim_result(tcsetattr(fd, when, &ours));
}

static void shim_cfmakeraw(struct darwin_termios *settings) {
  settings->input = settings->output = settings->local = 0;
}

#define OWN(name) SHIM("_" #name, shim_##name)
#define SAME(name) SHIM("_" #name, name)

const struct shim shim_posix[] = {
    SHIM("___error", shim_errno),
    OWN(open),
    OWN(shm_open),
    OWN(shm_unlink),
    OWN(fcntl),
    OWN(stat),
    OWN(lstat),
    OWN(fstat),
    SHIM("_stat$INODE64", shim_stat),
    SHIM("_lstat$INODE64", shim_lstat),
    SHIM("_fstat$INODE64", shim_fstat),
    OWN(close),
    OWN(read),
    OWN(pread),
    OWN(pwrite),
    OWN(readv),
    OWN(lseek),
    OWN(ftruncate),
    OWN(fchmod),
    OWN(chmod),
    OWN(mkdir),
    OWN(unlink),
    OWN(rename),
    OWN(access),
    OWN(pipe),
    OWN(dup),
    OWN(dup2),
    OWN(flock),
    OWN(poll),
    OWN(usleep),
    OWN(munmap),
    OWN(mprotect),
    OWN(mlock),
    OWN(isatty),
    OWN(tcflush),
    OWN(mmap),
    OWN(sysconf),
    OWN(tcgetattr),
    OWN(tcsetattr),
    OWN(cfmakeraw),
    SAME(getpid),
    SAME(getuid),
    SAME(geteuid),
    SAME(getgid),
    SAME(getegid),
    SAME(umask),
};
const size_t shim_posix_count = sizeof shim_posix / sizeof shim_posix[0];
