/* SPDX-License-Identifier: MIT
 *
 * unix:// and the binding of every socket that is a file. Any thread; no state.
 */
#include "transport/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "transport/fd.h"

/* How long another process may take to bind in the same folder: somebody could hold the lock for ever. */
enum { LOCK_TRIES = 50 };

int oriel_unix_name(const char *path, struct oriel_endpoint *endpoint) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  const size_t size = strlen(path);
  if (!size)
    return -EINVAL;
  if (size >= sizeof name.sun_path)
    return -ENAMETOOLONG;
  memcpy(name.sun_path, path, size);
  memset(endpoint, 0, sizeof *endpoint);
  memcpy(&endpoint->name, &name, sizeof name);
  endpoint->size = sizeof name;
  return 0;
}

const char *oriel_unix_path(const struct oriel_endpoint *endpoint) {
  return ((const struct sockaddr_un *)(const void *)&endpoint->name)->sun_path;
}

void oriel_unix_tune(int fd) {
  const int size = ORIEL_TRANSPORT_SEND_BUFFER;
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* Two that start at once would both find the dead file, and the second would remove the first one's live one. The lock
 * is on the folder, so that no file is left behind. -1 when it cannot be had; then we do without. */
static int lock_folder(const char *path) {
  char folder[sizeof((struct sockaddr_un *)0)->sun_path];
  const char *slash = strrchr(path, '/');
  const size_t size = slash ? (size_t)(slash - path) + 1 : 0;
  memcpy(folder, path, size);
  folder[size] = '\0';
  int fd = open(size ? folder : ".", O_RDONLY | O_CLOEXEC);
  for (unsigned i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
    if (errno != EWOULDBLOCK || i == LOCK_TRIES) {
      oriel_fd_close(&fd);
      break;
    }
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return fd;
}

/* 0: nothing lies at the path (any more). */
static int clear_path(const struct oriel_endpoint *endpoint, char *why, size_t why_size) {
  const char *path = oriel_unix_path(endpoint);
  struct stat status;
  if (lstat(path, &status) < 0) {
    if (errno == ENOENT)
      return 0;
    const int error = errno;
    snprintf(why, why_size, "cannot look at %s: %s", path, strerror(error));
    return -error;
  }
  if (!S_ISSOCK(status.st_mode)) {
    snprintf(why, why_size, "%s is there and is no socket: move it away or choose another path", path);
    return -EEXIST;
  }
  int probe = oriel_fd_socket(AF_UNIX, SOCK_STREAM);
  if (probe < 0) {
    snprintf(why, why_size, "cannot ask whether %s is in use: %s", path, strerror(-probe));
    return probe;
  }
  const int error = connect(probe, (const struct sockaddr *)&endpoint->name, endpoint->size) < 0 ? errno : 0;
  oriel_fd_close(&probe);
  if (error == ENOENT)
    return 0;
  if (error != ECONNREFUSED) { /* also EAGAIN: alive, with a full queue; also EACCES, EPROTOTYPE: not ours to remove */
    snprintf(why, why_size, "%s is in use: stop the program that listens there or choose another path", path);
    return -EADDRINUSE;
  }
  if (unlink(path) < 0 && errno != ENOENT) {
    const int failure = errno;
    snprintf(why, why_size, "cannot remove %s, where nobody answers: %s", path, strerror(failure));
    return -failure;
  }
  return 0;
}

int oriel_unix_bind(int fd, const struct oriel_endpoint *endpoint, char *why, size_t why_size) {
  int lock = lock_folder(oriel_unix_path(endpoint));
  int error = clear_path(endpoint, why, why_size);
  if (!error && bind(fd, (const struct sockaddr *)&endpoint->name, endpoint->size) < 0) {
    error = -errno;
    snprintf(why, why_size, "cannot make the socket %s: %s", oriel_unix_path(endpoint), strerror(-error));
  }
  /* Inside the lock: between bind and listen the file looks dead to others. */
  if (!error && listen(fd, SOMAXCONN) < 0) {
    error = -errno;
    snprintf(why, why_size, "cannot listen at %s: %s", oriel_unix_path(endpoint), strerror(-error));
    unlink(oriel_unix_path(endpoint));
  }
  oriel_fd_close(&lock);
  return error;
}

static int locate(const struct oriel_transport_address *address, bool is_listener, struct oriel_endpoints *endpoints) {
  (void)is_listener;
  endpoints->count = 1;
  return oriel_unix_name(address->path, &endpoints->list[0]);
}

const struct oriel_transport_impl oriel_transport_unix = {
    .type = SOCK_STREAM,
    .locate = locate,
    .tune = oriel_unix_tune,
    .bind = oriel_unix_bind,
};
