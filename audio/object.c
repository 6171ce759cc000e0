/* SPDX-License-Identifier: MIT
 *
 * Shared memory objects on Linux and macOS. Any thread.
 */
#include "audio/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#include "audio/oriel-audio.h"
#include "audio/shm_header.h"

enum {
  NAME_MAX_LENGTH = 29,      /* macOS: PSHMNAMLEN is 31 with the slash and the final zero */
  CREATE_ATTEMPTS = 16,
  COREAUDIOD_USER = 202,     /* _coreaudiod, under whom drivers run on macOS */
};

int oriel_audio_object_name(const char *name, char full[ORIEL_AUDIO_NAME_SIZE]) {
  if (!name)
    return -EINVAL;
  if (*name == '/')
    name++;
  const size_t length = strnlen(name, NAME_MAX_LENGTH + 1);
  if (!length || length > NAME_MAX_LENGTH || memchr(name, '/', length) || !strcmp(name, ".") || !strcmp(name, ".."))
    return -EINVAL;
  snprintf(full, ORIEL_AUDIO_NAME_SIZE, "/%s", name);
  return 0;
}

static int fail_closed(int fd, int error) {
  const int kept = errno;
  close(fd);
  errno = kept;
  return error;
}

static bool trusted_owner(uid_t user) {
#ifdef __APPLE__
  if (user == COREAUDIOD_USER)
    return true;
#endif
  return user == geteuid() || user == 0;
}

int oriel_audio_object_open(const char *full, bool any_owner) {
  const int fd = shm_open(full, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return errno == ENOENT ? ORIEL_AUDIO_NOT_INSTALLED : ORIEL_AUDIO_OPEN_FAILED;
  struct stat status;
  if (fstat(fd, &status) < 0)
    return fail_closed(fd, ORIEL_AUDIO_OPEN_FAILED);
  if (!any_owner && !trusted_owner(status.st_uid)) {
    errno = EPERM;
    return fail_closed(fd, ORIEL_AUDIO_OPEN_FAILED);
  }
  return fd;
}

#ifdef __linux__
/* Memory alone: reading a disk's or a network's file could block for ever, and huge pages can be SIGBUS even when
 * sealed. */
static bool is_memory(int fd) {
  struct statfs system;
  return fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

static bool may_map(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK);
}

static bool is_kind(const struct stat *status) {
  return S_ISREG(status->st_mode);
}
#else
static bool is_memory(int fd) {
  /* A shared memory descriptor is no file: it knows no offset. */
  return lseek(fd, 0, SEEK_CUR) < 0;
}

static bool may_map(int fd) {
  (void)fd;
  return true;
}

static bool is_kind(const struct stat *status) {
  return !(status->st_mode & S_IFMT) || S_ISREG(status->st_mode);
}
#endif

int oriel_audio_object_inspect(int fd, size_t *size, bool *mappable) {
  struct stat status;
  /* Seals before the size: what is seen afterwards cannot shrink any more. */
  const bool mapped = may_map(fd);
  if (fstat(fd, &status) < 0 || !is_kind(&status) || !is_memory(fd) || status.st_size < 0 ||
      (uintmax_t)status.st_size > SIZE_MAX)
    return ORIEL_AUDIO_BAD_LAYOUT;
  *size = (size_t)status.st_size;
  *mappable = mapped;
  return 0;
}

#ifdef __linux__
/* Held by the writer's open descriptor; gone with the last copy of it, so also when the writer is killed. */
static bool lock(int fd) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

bool oriel_audio_object_alive(int fd) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_GETLK, &whole) < 0 || whole.l_type != F_UNLCK;
}

bool oriel_audio_object_removed(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

/* All pages now: one that is missing when the callback writes could be a wait, or SIGBUS where memory is full. */
static int reserve(int fd, size_t size) {
  const int error = posix_fallocate(fd, 0, (off_t)size);
  errno = error;
  return error ? -1 : 0;
}
#else
static bool lock(int fd) {
  (void)fd; /* shared memory takes no locks here; oriel_audio_shm_header_end looks at the beat instead */
  return true;
}

bool oriel_audio_object_alive(int fd) {
  (void)fd;
  return true;
}

bool oriel_audio_object_removed(int fd) {
  (void)fd;
  return false;
}

static int reserve(int fd, size_t size) {
  return ftruncate(fd, (off_t)size);
}
#endif

/* Tells the readers of whatever lies there that it is over. 0, -EBUSY. */
static int end(int fd) {
  size_t size;
  bool mappable;
  return oriel_audio_object_inspect(fd, &size, &mappable) == 0 ? oriel_audio_shm_header_end(fd, size) : 0;
}

/* Ends an object under the wanted name whose writer is dead. 0, -EBUSY, OPEN_FAILED. */
static int replace(const char *full) {
  const int fd = shm_open(full, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0)
    return errno == ENOENT ? 0 : ORIEL_AUDIO_OPEN_FAILED;
  struct stat status;
  int error = 0;
  if (fstat(fd, &status) < 0 || (status.st_uid != geteuid() && geteuid() != 0)) {
    errno = EPERM;
    error = ORIEL_AUDIO_OPEN_FAILED;
  } else if (!lock(fd) || end(fd) == -EBUSY) {
    error = -EBUSY;
  } else {
    /* Under the lock, so that of two who replace only one removes, and neither removes the other's new one. */
    oriel_audio_object_remove(fd, full);
  }
  return fail_closed(fd, error);
}

int oriel_audio_object_create(const char *full, size_t size, mode_t mode) {
  for (int attempt = 0; attempt < CREATE_ATTEMPTS; attempt++) {
    const int fd = shm_open(full, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno != EEXIST)
      return ORIEL_AUDIO_OPEN_FAILED;
    if (fd < 0) {
      const int error = replace(full);
      if (error < 0)
        return error;
      continue;
    }
    /* Between O_EXCL and the lock another creator may take it for a dead one's. */
    if (!lock(fd) || oriel_audio_object_removed(fd)) {
      close(fd);
      continue;
    }
    /* The umask may have taken what the caller wants readers to have. macOS may refuse; then it stays. */
    (void)fchmod(fd, mode);
    if (reserve(fd, size) == 0)
      return fd;
    oriel_audio_object_remove(fd, full);
    return fail_closed(fd, ORIEL_AUDIO_OPEN_FAILED);
  }
  return -EBUSY;
}

void oriel_audio_object_remove(int fd, const char *full) {
  struct stat ours, named;
  const int other = shm_open(full, O_RDONLY | O_CLOEXEC, 0);
  if (other < 0)
    return;
#ifdef __linux__
  const bool same = fstat(fd, &ours) == 0 && fstat(other, &named) == 0 && ours.st_ino == named.st_ino &&
                    ours.st_dev == named.st_dev;
#else
  /* No inode to compare; that a writer is there was checked when ours was made. */
  const bool same = fstat(fd, &ours) == 0 && fstat(other, &named) == 0;
#endif
  close(other);
  if (same)
    shm_unlink(full);
}

#ifdef __linux__
int oriel_audio_object_create_sealed(size_t size) {
  const int fd = memfd_create("oriel-audio", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return ORIEL_AUDIO_OPEN_FAILED;
  if (reserve(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0 || !lock(fd))
    return fail_closed(fd, ORIEL_AUDIO_OPEN_FAILED);
  return fd;
}

int oriel_audio_object_reopen(int fd, const char *full) {
  (void)full;
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const int reader = open(path, O_RDONLY | O_CLOEXEC);
  return reader < 0 ? ORIEL_AUDIO_OPEN_FAILED : reader;
}
#else
int oriel_audio_object_create_sealed(size_t size) {
  (void)size;
  return -ENOTSUP;
}

int oriel_audio_object_reopen(int fd, const char *full) {
  (void)fd;
  const int reader = shm_open(full, O_RDONLY | O_CLOEXEC, 0);
  return reader < 0 ? ORIEL_AUDIO_OPEN_FAILED : reader;
}
#endif
