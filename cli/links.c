/* SPDX-License-Identifier: MIT
 *
 * Files with links. Main thread, at start and end.
 */
#include "cli/links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "links-";
enum { ATTEMPTS = 64 };

/** Removes what runs left that were killed: nobody holds their lock any more. */
static void sweep(const char *base) {
  DIR *directory = opendir(base);
  if (directory == NULL)
    return;
  for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
      continue;
    const int fd = openat(dirfd(directory), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
      unlinkat(dirfd(directory), entry->d_name, 0);
    if (fd >= 0)
      close(fd);
  }
  closedir(directory);
}

/** Makes the file and locks it. What is there already is another address's with this port. */
static int make(struct oriel_links *links, const char *base, uint16_t port) {
  int error = EEXIST;
  for (unsigned attempt = 0; attempt < ATTEMPTS && (error == EEXIST || error == ESTALE); attempt++) {
    struct stat info;
    snprintf(links->path, sizeof links->path, attempt > 0 ? "%s/%s%u-%u" : "%s/%s%u", base, prefix, port, attempt + 1);
    links->fd = open(links->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (links->fd < 0) {
      error = errno;
      continue;
    }
    /* Another one that starts now may hold it, unlocked as it was, for a leftover. */
    error = flock(links->fd, LOCK_EX) < 0 || fstat(links->fd, &info) < 0 ? errno : info.st_nlink > 0 ? 0 : ESTALE;
    if (error == ESTALE)
      close(links->fd);
  }
  return -error;
}

int oriel_links_write(struct oriel_links *links, uint16_t port, const char *text, char *why, size_t why_size) {
  char base[ORIEL_RUNTIME_PATH_MAX];
  *links = (struct oriel_links){.fd = -1};
  int result = oriel_runtime_base(base, why, why_size);
  if (result < 0)
    return result;
  sweep(base);
  const ssize_t size = (ssize_t)strlen(text);
  result = make(links, base, port);
  if (result == 0) {
    const ssize_t wrote = write(links->fd, text, (size_t)size);
    if (wrote == size)
      return 0;
    result = wrote < 0 ? -errno : -ENOSPC;
  }
  snprintf(why, why_size,
           "cannot write the address with its token to %.200s: %s; give a token of yours with --token-file",
           links->path, strerror(-result));
  if (links->fd < 0)
    links->path[0] = '\0';
  oriel_links_remove(links);
  return result;
}

void oriel_links_remove(struct oriel_links *links) {
  if (links->path[0] != '\0')
    unlink(links->path);
  if (links->fd >= 0)
    close(links->fd);
  *links = (struct oriel_links){.fd = -1};
}
