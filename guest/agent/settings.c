/* SPDX-License-Identifier: MIT
 *
 * Settings where nothing is set, and what follows from those that are. Main thread.
 */
#include "guest/agent/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/audio.h"
#include "wire/clipboard_stream.h"

void agent_settings_take_ports(struct agent_settings *settings, const char *directory) {
  const struct {
    struct agent_end *end;
    const char *name;
  } ports[] = {{&settings->output, "org.oriel.audio"}, {&settings->input, "org.oriel.microphone"},
               {&settings->clipboard, "org.oriel.clipboard"}};
  for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
    struct oriel_transport_address address = {.scheme = ORIEL_TRANSPORT_SERIAL};
    const int size = snprintf(address.path, sizeof address.path, "%s/%s", directory, ports[i].name);
    if (size > 0 && (size_t)size < sizeof address.path && access(address.path, F_OK) == 0)
      ports[i].end->address = address;
  }
}

void agent_settings_default(struct agent_settings *settings) {
  const struct oriel_transport_address host = {.scheme = ORIEL_TRANSPORT_VSOCK, .cid = 2, .port = ORIEL_AUDIO_OUTPUT_PORT};
  *settings = (struct agent_settings){
    .output_name = "Oriel Output", .input_name = "Oriel Input", .output = {true, host}, .input = {true, host},
    .clipboard = {true, host},
    .rate = 48000, .output_channels = 2, .input_channels = 2, .bitrate_kbps = 128, .screen_follows = true,
    .log_level = ORIEL_LOG_INFO,
  };
  settings->input.address.port = ORIEL_AUDIO_MICROPHONE_PORT;
  settings->clipboard.address.port = ORIEL_CLIPBOARD_PORT;
  agent_settings_take_ports(settings, "/dev/virtio-ports");
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime && runtime[0] == '/' &&
      (size_t)snprintf(settings->control, AGENT_PATH_SIZE, "%s/oriel/agent.sock", runtime) >= AGENT_PATH_SIZE)
    settings->control[0] = '\0';
}

uint32_t agent_end_frame_us(const struct agent_settings *settings, const struct agent_end *end) {
  const bool is_set = end->address.frame_us == 0 && settings->frame_us != 0;
  return is_set ? settings->frame_us : oriel_transport_address_frame_us(&end->address);
}

uint32_t agent_end_rate(const struct agent_settings *settings, const struct agent_end *end) {
  return end->is_on ? 48000 : settings->rate;
}
