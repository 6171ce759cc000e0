/* SPDX-License-Identifier: MIT
 *
 * One directory per VM name, owned by the caller and by nobody else (/tmp is shared with strangers). Main thread.
 */
#include "vm/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vm/disk_space.h"

enum { SPACE_BYTES = 64 * 1024 }; /* for QEMU's log and its socket */

static const char socket_name[] = "qmp.sock", up_name[] = "up.sock"; /* not longer: it fits where the first does */
static const char log_name[] = "qemu.log";
static const char launch_name[] = "launch";
static const char sound_name[] = "sound.sock", microphone_name[] = "mic.sock",
                  clipboard_name[] = "clip.sock"; /* `serve` looks for them, too */

/** mkdir that accepts a directory which is there already, if it is ours and closed to others. */
static int make_own(const char *path, char *why, size_t why_size) {
  if (mkdir(path, 0700) < 0 && errno != EEXIST) {
    const int error = errno;
    snprintf(why, why_size, "cannot create %s: %s; %s XDG_RUNTIME_DIR to another directory", path, strerror(error),
             oriel_disk_space_advice(-error));
    return -error;
  }
  struct stat info;
  if (lstat(path, &info) < 0)
    return -errno;
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077) != 0) {
    snprintf(why, why_size,
             "cannot use %s: it must be a directory of yours with mode 0700; remove it or set XDG_RUNTIME_DIR", path);
    return -EPERM;
  }
  return 0;
}

static int refuse_length(const char *name, const char *base, char *why, size_t why_size) {
  snprintf(why, why_size,
           "the path of VM %s's socket below %s exceeds 107 bytes: use a shorter --name or XDG_RUNTIME_DIR", name,
           base);
  return -ENAMETOOLONG;
}

/** Fills directory and parent; without a parent that is ours to make that stays "". */
static int choose_directory(const char *name, struct oriel_runtime *runtime, char *parent, size_t parent_size,
                            char *why, size_t why_size) {
  const char *base = getenv("XDG_RUNTIME_DIR"), *managed = getenv("RUNTIME_DIRECTORY");
  struct stat info;
  int length;
  if (managed != NULL && managed[0] == '/') { /* made for this service, and removed after it; several: the first */
    parent[0] = '\0';
    base = managed;
    length = snprintf(runtime->directory, sizeof runtime->directory, "%.*s/%s", (int)strcspn(managed, ":"), managed,
                      name);
    return length < ORIEL_RUNTIME_PATH_MAX ? 0 : refuse_length(name, base, why, why_size);
  }
  if (base != NULL && base[0] == '/' && stat(base, &info) == 0 && S_ISDIR(info.st_mode))
    length = snprintf(parent, parent_size, "%s/oriel", base);
  else {
    length = snprintf(parent, parent_size, "/tmp/oriel-%u", (unsigned)geteuid());
    runtime->remove_parent = true;
  }
  if (length > 0 && (size_t)length < parent_size)
    length = snprintf(runtime->directory, sizeof runtime->directory, "%s/%s", parent, name);
  else
    length = ORIEL_RUNTIME_PATH_MAX;
  return length < ORIEL_RUNTIME_PATH_MAX ? 0 : refuse_length(name, base, why, why_size);
}

int oriel_runtime_base(char path[ORIEL_RUNTIME_PATH_MAX], char *why, size_t why_size) {
  struct oriel_runtime runtime = {0};
  char parent[ORIEL_RUNTIME_PATH_MAX];
  const int error = choose_directory("x", &runtime, parent, sizeof parent, why, why_size);
  if (error < 0)
    return error;
  *strrchr(runtime.directory, '/') = '\0';
  snprintf(path, ORIEL_RUNTIME_PATH_MAX, "%s", runtime.directory);
  return parent[0] != '\0' ? make_own(path, why, why_size) : 0; /* a service manager made its own */
}

static int fill_paths(struct oriel_runtime *runtime, char *why, size_t why_size) {
  const int length = snprintf(runtime->qmp, sizeof runtime->qmp, "%s/%s", runtime->directory, socket_name);
  snprintf(runtime->up, sizeof runtime->up, "%s/%s", runtime->directory, up_name);
  snprintf(runtime->log, sizeof runtime->log, "%s/%s", runtime->directory, log_name);
  snprintf(runtime->launch, sizeof runtime->launch, "%s/%s", runtime->directory, launch_name);
  const size_t room = sizeof runtime->sound;
  /* Where a name of one more letter does not fit, the guest has no such ports; the desktop is worth more. */
  if ((size_t)snprintf(runtime->sound, room, "%s/%s", runtime->directory, sound_name) >= room ||
      (size_t)snprintf(runtime->microphone, room, "%s/%s", runtime->directory, microphone_name) >= room)
    runtime->sound[0] = runtime->microphone[0] = '\0';
  if ((size_t)snprintf(runtime->clipboard, room, "%s/%s", runtime->directory, clipboard_name) >= room)
    runtime->clipboard[0] = '\0';
  if (length > 0 && (size_t)length < sizeof runtime->qmp)
    return 0;
  snprintf(why, why_size, "the socket path %s/%s exceeds 107 bytes: use a shorter --name or XDG_RUNTIME_DIR",
           runtime->directory, socket_name);
  return -ENAMETOOLONG;
}

int oriel_runtime_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  memcpy(address.sun_path, path, strlen(path) + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -errno;
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  const int error = errno;
  close(fd);
  return -error;
}

bool oriel_runtime_answers(const char *path) {
  const int fd = oriel_runtime_connect(path);
  if (fd >= 0)
    close(fd);
  return fd >= 0 || fd == -EAGAIN; /* EAGAIN: its queue is full because it serves somebody */
}

static int lock_directory(struct oriel_runtime *runtime, const char *name, char *why, size_t why_size) {
  const int fd = open(runtime->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    snprintf(why, why_size, "cannot open %s: %s; remove it or set XDG_RUNTIME_DIR to another directory",
             runtime->directory, strerror(error));
    return -error;
  }
  const bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
  struct stat held, named;
  /* Between our mkdir and our lock the run before us may have removed the directory: then we hold a name-less one. */
  if (locked && (fstat(fd, &held) < 0 || lstat(runtime->directory, &named) < 0 || held.st_ino != named.st_ino)) {
    close(fd);
    return -ENOENT;
  }
  if (!locked) {
    snprintf(why, why_size, "a VM named %s is being served by another oriel: open that one, or choose another --name",
             name);
    close(fd);
    return -EBUSY;
  }
  runtime->lock = fd;
  if (!oriel_runtime_answers(runtime->qmp))
    return 0;
  snprintf(why, why_size, "a VM named %s is running: watch it with `oriel serve qemu:%s`, or choose another --name",
           name, runtime->qmp);
  return -EALREADY;
}

static int remove_stale(const struct oriel_runtime *runtime, char *why, size_t why_size) {
  const char *const paths[] = {runtime->qmp, runtime->up, runtime->log, runtime->launch, runtime->sound, runtime->microphone,
                               runtime->clipboard};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
    if (paths[i][0] != '\0' && unlink(paths[i]) < 0 && errno != ENOENT) {
      const int error = errno;
      snprintf(why, why_size, "cannot remove %s, left by an earlier run: %s; remove it by hand", paths[i],
               strerror(error));
      return -error;
    }
  return 0;
}

static int check_room(const struct oriel_runtime *runtime, char *why, size_t why_size) {
  const int error = oriel_disk_space_check(runtime->directory, SPACE_BYTES);
  if (error < 0)
    snprintf(why, why_size, "cannot write in %s: %s; %s XDG_RUNTIME_DIR to another directory", runtime->directory,
             strerror(-error), oriel_disk_space_advice(error));
  return error;
}

static int open_once(const char *directory, const char *name, struct oriel_runtime *runtime, char *why,
                     size_t why_size) {
  char parent[ORIEL_RUNTIME_PATH_MAX] = "";
  int error = 0;
  if (directory == NULL)
    error = choose_directory(name, runtime, parent, sizeof parent, why, why_size);
  else if (strlen(directory) < sizeof runtime->directory)
    strcpy(runtime->directory, directory);
  else {
    snprintf(why, why_size, "the path %.200s... exceeds 107 bytes: use a shorter one", directory);
    error = -ENAMETOOLONG;
  }
  if (error == 0)
    error = fill_paths(runtime, why, why_size);
  if (error == 0 && parent[0] != '\0')
    error = make_own(parent, why, why_size);
  if (error == 0)
    error = make_own(runtime->directory, why, why_size);
  if (error == 0)
    error = lock_directory(runtime, name, why, why_size);
  if (error == 0) {
    error = remove_stale(runtime, why, why_size);
    if (error == 0)
      error = check_room(runtime, why, why_size);
    if (error < 0)
      oriel_runtime_remove(runtime);
  }
  return error;
}

int oriel_runtime_open(const char *directory, const char *name, struct oriel_runtime *runtime, char *why,
                       size_t why_size) {
  int error = -ENOENT;
  /* A run of the same name that ends at this moment removes directories under our feet: three tries are plenty. */
  for (int attempt = 0; attempt < 3 && error == -ENOENT; attempt++) {
    struct oriel_runtime fresh = {.lock = -1};
    error = open_once(directory, name, &fresh, why, why_size);
    if (error == 0 || error == -EALREADY)
      *runtime = fresh;
  }
  return error;
}

void oriel_runtime_leave(struct oriel_runtime *runtime) {
  if (runtime->lock >= 0)
    close(runtime->lock);
  runtime->lock = -1;
}

void oriel_runtime_remove(struct oriel_runtime *runtime) {
  if (runtime->lock < 0)
    return;
  unlink(runtime->qmp);
  unlink(runtime->up);
  unlink(runtime->log);
  unlink(runtime->launch);
  unlink(runtime->sound);
  unlink(runtime->microphone);
  unlink(runtime->clipboard);
  if (rmdir(runtime->directory) == 0 && runtime->remove_parent) {
    char parent[ORIEL_RUNTIME_PATH_MAX];
    strcpy(parent, runtime->directory);
    *strrchr(parent, '/') = '\0';
    rmdir(parent); /* stays while it holds another VM */
  }
  close(runtime->lock);
  runtime->lock = -1;
}
