/* SPDX-License-Identifier: MIT
 *
 * What the agent is to do. The names are those of the macOS driver's property list (docs/protocols/audio-settings.md).
 * Thread-safety: main thread.
 */
#ifndef ORIEL_GUEST_AGENT_SETTINGS_H
#define ORIEL_GUEST_AGENT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/log.h"
#include "transport/address.h"

enum {
  AGENT_NAME_SIZE = 128,
  AGENT_WHY_SIZE = 512,
  AGENT_PATH_SIZE = 108, /* of a UNIX socket */
  AGENT_CHANNELS_MAX = 16,
};

/** Where sound, or the clipboard's text, goes to or comes from. `is_on` false: the setting was "none". */
struct agent_end {
  bool is_on;
  struct oriel_transport_address address;
};

enum agent_action {
  AGENT_RUN,
  AGENT_CHECK,  /* --check: read the settings, print them, end */
  AGENT_STATUS, /* --status: ask the running agent */
  AGENT_HELP,
  AGENT_VERSION,
};

struct agent_settings {
  enum agent_action action;
  char output_name[AGENT_NAME_SIZE], input_name[AGENT_NAME_SIZE]; /* as users see them */
  struct agent_end output, input, clipboard;
  uint32_t rate;           /* of a device without a stream; one with a stream is at 48000 Hz */
  uint32_t output_channels, input_channels;
  uint32_t bitrate_kbps;   /* of Opus */
  uint32_t frame_us;       /* of a packet where the address does not say; 0 = 20 ms of Opus, 2.5 ms of PCM */
  char shm[64];            /* name of the shared memory that carries Oriel Output; empty = none */
  char control[AGENT_PATH_SIZE]; /* socket that answers --status; empty = none */
  bool screen_follows;     /* of oriel-agent-screen: an X11 desktop takes the size that the host asks for */
  enum oriel_log_level log_level;
  bool log_json;
};

/** As they are where nothing is set. */
void agent_settings_default(struct agent_settings *settings);
/** Where a virtio-serial port of Oriel's is in `directory` (/dev/virtio-ports), sound or the clipboard takes that way:
 *  `oriel run` gives its VM such ports, and no vsock. Part of the defaults. */
void agent_settings_take_ports(struct agent_settings *settings, const char *directory);
/** Length of a packet towards this end, in microseconds. */
uint32_t agent_end_frame_us(const struct agent_settings *settings, const struct agent_end *end);
/** Sample rate of the device that ends there. */
uint32_t agent_end_rate(const struct agent_settings *settings, const struct agent_end *end);

#endif
