/* SPDX-License-Identifier: MIT
 *
 * Options to guest_audio. Main thread.
 */
#include "cli/sound.h"

#include <errno.h>
#include <stdio.h>

#include "cli/guest_port.h"

int oriel_sound_open(const struct oriel_desktop_options *options, const char *address, const struct oriel_qemu *vm,
                     struct oriel_guest_audio **audio, char *why, size_t why_size) {
  char sound[ORIEL_GUEST_PORT_SIZE], microphone[ORIEL_GUEST_PORT_SIZE];
  const char *const ports[] = {sound};
  struct oriel_guest_audio_config config = {
    .udp = options->audio_udp_listen,
    .streams = options->audio_listen.words,
    .stream_count = (unsigned)options->audio_listen.count,
    .microphone = options->audio_microphone,
  };
  *audio = NULL;
  const bool is_told = options->audio_listen.count > 0;
  if (!is_told && oriel_guest_port_find(address, vm != NULL ? oriel_qemu_sound_path(vm) : NULL, "sound.sock", sound,
                                        sizeof sound)) {
    config.streams = ports;
    config.stream_count = 1;
    config.dials_streams = true;
  }
  if (!is_told && config.microphone == NULL &&
      oriel_guest_port_find(address, vm != NULL ? oriel_qemu_microphone_path(vm) : NULL, "mic.sock", microphone,
                            sizeof microphone)) {
    config.microphone = microphone;
    config.dials_microphone = true;
  }
  if (config.udp == NULL && config.stream_count == 0 && config.microphone == NULL)
    return 0;
  return oriel_guest_audio_create(&config, audio, why, why_size);
}
