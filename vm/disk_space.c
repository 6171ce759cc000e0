/* SPDX-License-Identifier: MIT
 *
 * Space on the disk of a directory. Main thread.
 */
#include "vm/disk_space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** A file that nobody else sees; where the file system has none without a name, one whose name goes at once. */
static int open_nameless(const char *directory) {
  char path[4096];
  int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) /* EISDIR: a kernel that does not know O_TMPFILE */
    return -errno;
  if (snprintf(path, sizeof path, "%s/.oriel-space-XXXXXX", directory) >= (int)sizeof path)
    return -ENAMETOOLONG;
  fd = mkostemp(path, O_CLOEXEC);
  if (fd < 0)
    return -errno;
  unlink(path);
  return fd;
}

int oriel_disk_space_check(const char *directory, size_t size) {
  const int fd = open_nameless(directory);
  if (fd < 0)
    return fd;
  const int error = posix_fallocate(fd, 0, (off_t)size);
  close(fd);
  return -error;
}

const char *oriel_disk_space_advice(int error) {
  return error == -ENOSPC || error == -EDQUOT || error == -EFBIG ? "free space there or set" : "set";
}
