/* SPDX-License-Identifier: MIT
 *
 * Finding sockets of compositors and X servers. Any thread.
 */
#include "guest/agent/place.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/number.h"

#define X11_FOLDER "/tmp/.X11-unix"

static bool print(char out[AGENT_PLACE_SIZE], const char *folder, const char *slash, const char *name) {
  const int size = snprintf(out, AGENT_PLACE_SIZE, "%s%s%s", folder, slash, name);
  return size > 0 && size < AGENT_PLACE_SIZE;
}

/** The variable that names the session; NULL where it is not set, so that any may be meant. */
static const char *named(enum agent_place_kind kind) {
  return getenv(kind == AGENT_PLACE_WAYLAND ? "WAYLAND_DISPLAY" : "DISPLAY");
}

bool agent_place_folder(enum agent_place_kind kind, char folder[AGENT_PLACE_SIZE]) {
  const char *name = named(kind), *runtime = getenv("XDG_RUNTIME_DIR");
  if (kind == AGENT_PLACE_X11)
    return print(folder, X11_FOLDER, "", "");
  if (name && name[0] == '/' && print(folder, name, "", "")) {
    *strrchr(folder, '/') = '\0';
    return folder[0] != '\0';
  }
  return runtime && runtime[0] == '/' && print(folder, runtime, "", "");
}

/** Of ":0", ":0.1" or "unix:0": this machine's display. False for others. */
static bool parse_display(const char *text, unsigned *number) {
  const char *colon = strrchr(text, ':');
  if (!colon || (colon != text && strncmp(text, "unix:", 5) != 0))
    return false;
  uint32_t value;
  if (oriel_number_parse(colon + 1, strcspn(colon + 1, "."), 0, 65535, &value) < 0)
    return false;
  *number = value;
  return true;
}

/** "wayland-0", "X0"; not "wayland-0.lock". */
static bool is_name(enum agent_place_kind kind, const char *name, unsigned *number) {
  const char *const prefix = kind == AGENT_PLACE_WAYLAND ? "wayland-" : "X";
  const size_t size = strlen(prefix);
  uint32_t value;
  if (strncmp(name, prefix, size) != 0 || oriel_number_parse(name + size, strlen(name + size), 0, 65535, &value) < 0)
    return false;
  *number = value;
  return true;
}

/** True where there is such a socket; of those that nobody named, of this user's or of root's. */
static bool look(struct agent_place *place, bool is_named) {
  struct stat is;
  if (stat(place->path, &is) < 0 || !S_ISSOCK(is.st_mode) || (!is_named && is.st_uid != getuid() && is.st_uid != 0))
    return false;
  place->made_ns = is.st_ctim.tv_sec * 1000000000LL + is.st_ctim.tv_nsec;
  return true;
}

/** Keeps the newest, in their order. */
static void insert(struct agent_place places[AGENT_PLACES_MAX], size_t *count, const struct agent_place *place) {
  size_t at = *count;
  while (at > 0 && places[at - 1].made_ns < place->made_ns)
    at--;
  if (at == AGENT_PLACES_MAX)
    return;
  if (*count < AGENT_PLACES_MAX)
    ++*count;
  memmove(&places[at + 1], &places[at], (*count - 1 - at) * sizeof *places);
  places[at] = *place;
}

static size_t list_folder(enum agent_place_kind kind, const char *folder, struct agent_place places[AGENT_PLACES_MAX]) {
  DIR *directory = opendir(folder);
  size_t count = 0;
  for (struct dirent *entry; directory && (entry = readdir(directory));) {
    struct agent_place place = {.number = 0};
    if (is_name(kind, entry->d_name, &place.number) && print(place.path, folder, "/", entry->d_name) && look(&place, false))
      insert(places, &count, &place);
  }
  if (directory)
    closedir(directory);
  return count;
}

size_t agent_place_list(enum agent_place_kind kind, struct agent_place places[AGENT_PLACES_MAX]) {
  const char *name = named(kind);
  char folder[AGENT_PLACE_SIZE], socket_name[16];
  if (!agent_place_folder(kind, folder))
    return 0;
  if (!name)
    return list_folder(kind, folder, places);
  struct agent_place place = {.number = 0};
  bool is_fine;
  if (kind == AGENT_PLACE_X11) {
    is_fine = parse_display(name, &place.number);
    snprintf(socket_name, sizeof socket_name, "X%u", place.number);
    is_fine = is_fine && print(place.path, folder, "/", socket_name);
  } else {
    is_fine = name[0] == '/' ? print(place.path, name, "", "") : name[0] != '\0' && print(place.path, folder, "/", name);
  }
  if (!is_fine || !look(&place, true))
    return 0;
  places[0] = place;
  return 1;
}

int agent_place_connect(const struct agent_place *place) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -errno;
  memcpy(address.sun_path, place->path, sizeof address.sun_path);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  const int error = -errno;
  close(fd);
  return error;
}
