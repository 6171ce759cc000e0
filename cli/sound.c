/* SPDX-License-Identifier: MIT
 *
 * Options to guest_audio. Main thread.
 */
#include "cli/sound.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { ADDRESS_SIZE = 3 * 108 + 16 };

/** unix://PATH; what has a meaning in an address is written as %XX. False where it does not fit. */
static bool format_unix(const char *path, char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "unix://");
  for (; *path != '\0'; path++) {
    if (used + 4 > size)
      return false;
    const bool plain = strchr("%?&#", *path) == NULL;
    used += (size_t)snprintf(text + used, size - used, plain ? "%c" : "%%%02X", (unsigned char)*path);
  }
  return true;
}

/** The VM's own ports: of the one we started, or of one that another `oriel run` left, whose sockets lie beside its QMP
 *  socket. */
static bool find_port(const char *address, const char *ours, const char *name, char *text, size_t size) {
  char path[256];
  struct stat info;
  const char *qmp = strncmp(address, "qemu:", 5) == 0 ? address + 5 : "";
  const char *slash = strrchr(qmp, '/');
  if (ours != NULL)
    return format_unix(ours, text, size);
  if (slash == NULL || strncmp(slash, "/qmp.sock", 9) != 0 ||
      (size_t)snprintf(path, sizeof path, "%.*s/%s", (int)(slash - qmp), qmp, name) >= sizeof path)
    return false;
  return stat(path, &info) == 0 && S_ISSOCK(info.st_mode) && format_unix(path, text, size);
}

int oriel_sound_open(const struct oriel_desktop_options *options, const char *address, const struct oriel_qemu *vm,
                     struct oriel_guest_audio **audio, char *why, size_t why_size) {
  char sound[ADDRESS_SIZE], microphone[ADDRESS_SIZE];
  const char *const ports[] = {sound};
  struct oriel_guest_audio_config config = {
    .udp = options->audio_udp_listen,
    .streams = options->audio_listen.words,
    .stream_count = (unsigned)options->audio_listen.count,
    .microphone = options->audio_microphone,
  };
  *audio = NULL;
  const bool is_told = options->audio_listen.count > 0;
  if (!is_told &&
      find_port(address, vm != NULL ? oriel_qemu_sound_path(vm) : NULL, "sound.sock", sound, sizeof sound)) {
    config.streams = ports;
    config.stream_count = 1;
    config.dials_streams = true;
  }
  if (!is_told && config.microphone == NULL &&
      find_port(address, vm != NULL ? oriel_qemu_microphone_path(vm) : NULL, "mic.sock", microphone,
                sizeof microphone)) {
    config.microphone = microphone;
    config.dials_microphone = true;
  }
  if (config.udp == NULL && config.stream_count == 0 && config.microphone == NULL)
    return 0;
  return oriel_guest_audio_create(&config, audio, why, why_size);
}
