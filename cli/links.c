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
#include <unistd.h>

static const char prefix[] = "links-";

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

int oriel_links_write(struct oriel_links *links, uint16_t port, const char *text, char *why, size_t why_size) {
  char base[ORIEL_RUNTIME_PATH_MAX];
  *links = (struct oriel_links){.fd = -1};
  int result = oriel_runtime_base(base, why, why_size);
  if (result < 0)
    return result;
  sweep(base);
  snprintf(links->path, sizeof links->path, "%s/%s%u", base, prefix, port);
  unlink(links->path); /* this port's is ours now, whoever had it */
  links->fd = open(links->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  const ssize_t size = (ssize_t)strlen(text);
  if (links->fd >= 0 && flock(links->fd, LOCK_EX | LOCK_NB) == 0 && write(links->fd, text, (size_t)size) == size)
    return 0;
  result = errno != 0 ? -errno : -EIO;
  snprintf(why, why_size,
           "cannot write the address with its token to %.200s: %s; give a token of yours with --token-file", links->path,
           strerror(-result));
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
