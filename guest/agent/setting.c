/* SPDX-License-Identifier: MIT
 *
 * One table of settings for files, command line and help, and what each takes. Main thread.
 */
#include "guest/agent/setting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "core/utf8.h"

#define AT(field) offsetof(struct agent_settings, field)
#define ADDRESS_WORDS "vsock://, unix://, tcp://, udp://, serial:// or mux:// and where it leads, or none"

const struct setting agent_setting_table[] = {
  {.key = "output",
   .alias = "Transport",
   .value = "ADDRESS",
   .type = END,
   .offset = AT(output),
   .allowed = ADDRESS_WORDS,
   .help =
     "where the sound played here goes (default the virtio-serial port org.oriel.audio where the VM has one, else "
     "vsock://2:5000): vsock://CID:PORT, unix:///PATH, tcp://HOST:PORT, "
     "udp://HOST:PORT, serial:///dev/virtio-ports/NAME, mux:///PATH?port=N, or none. Behind it ?format=pcm for raw "
     "samples, ?frame=5 for short packets"},
  {.key = "input",
   .alias = "Microphone",
   .value = "ADDRESS",
   .type = END,
   .offset = AT(input),
   .allowed = ADDRESS_WORDS,
   .help = "where the microphone comes from (default org.oriel.microphone, else vsock://2:5001), likewise"},
  {.key = "clipboard",
   .alias = "Clipboard",
   .value = "ADDRESS",
   .type = STREAM,
   .offset = AT(clipboard),
   .allowed = "vsock://, unix://, tcp://, serial:// or mux:// and where it leads, without options, or none",
   .help = "where texts that are copied go and come from (default the virtio-serial port org.oriel.clipboard where the "
           "VM has one, else vsock://2:5002), or none: copying and pasting stay in the guest"},
  {.key = "output-name",
   .alias = "OutputName",
   .value = "NAME",
   .type = NAME,
   .offset = AT(output_name),
   .allowed = "1 to 127 bytes of text",
   .help = "name of the playback device (default Oriel Output)"},
  {.key = "input-name",
   .alias = "InputName",
   .value = "NAME",
   .type = NAME,
   .offset = AT(input_name),
   .allowed = "1 to 127 bytes of text",
   .help = "name of the recording device (default Oriel Input)"},
  {.key = "channels",
   .alias = "Channels",
   .value = "N",
   .type = CHANNELS,
   .offset = AT(output_channels),
   .allowed = "1 to 16",
   .help =
     "channels of both devices (default 2). A stream is stereo: what goes out is mixed down, what comes in mixed up"},
  {.key = "output-channels",
   .alias = "OutputChannels",
   .value = "N",
   .type = NUMBER_OF_CHANNELS,
   .offset = AT(output_channels),
   .allowed = "1 to 16",
   .help = "of the playback device alone"},
  {.key = "input-channels",
   .alias = "InputChannels",
   .value = "N",
   .type = NUMBER_OF_CHANNELS,
   .offset = AT(input_channels),
   .allowed = "1 to 16",
   .help = "of the recording device alone"},
  {.key = "rate",
   .alias = "Rate",
   .value = "HZ",
   .type = RATE,
   .offset = AT(rate),
   .allowed = "44100, 48000, 88200 or 96000",
   .help = "sample rate of a device that has no stream (default 48000). A stream is at 48000, and PipeWire converts"},
  {.key = "bitrate",
   .alias = "Bitrate",
   .value = "KBIT",
   .type = BITRATE,
   .offset = AT(bitrate_kbps),
   .allowed = "16 to 510",
   .help = "Opus in kbit/s (default 128)"},
  {.key = "frame",
   .alias = "Frame",
   .value = "MS",
   .type = FRAME,
   .offset = AT(frame_us),
   .allowed = "2.5, 5, 10 or 20",
   .help = "length of a packet where the address does not say: 5, 10 or 20 for Opus, also 2.5 for PCM (default 20; "
           "PCM 2.5)"},
  {.key = "shm",
   .alias = "SharedMemory",
   .value = "NAME",
   .type = SHM,
   .offset = AT(shm),
   .allowed = "1 to 29 of A-Z a-z 0-9 _ . -, with or without a / in front, or none",
   .help = "also put what is played into shared memory of this name (default none)"},
  {.key = "control",
   .alias = "Control",
   .value = "PATH",
   .type = SOCKET,
   .offset = AT(control),
   .allowed = "a path of less than 108 bytes, or none",
   .help = "socket that answers --status (default $XDG_RUNTIME_DIR/oriel/agent.sock)"},
  {.key = "screen",
   .alias = "Screen",
   .value = "WHAT",
   .type = SCREEN,
   .offset = AT(screen_follows),
   .allowed = "follow or none",
   .help = "of oriel-agent-screen: an X11 desktop follows the size that the host asks for, or keeps its own "
           "(default follow)"},
  {.key = "log-level",
   .alias = "LogLevel",
   .value = "LEVEL",
   .type = LEVEL,
   .offset = AT(log_level),
   .allowed = "error, warn, info or debug",
   .help = "error, warn, info or debug (default info)"},
  {.key = "log-json",
   .alias = "LogJSON",
   .type = FLAG,
   .offset = AT(log_json),
   .allowed = "true or false",
   .help = "log lines as JSON objects"},
};
const size_t agent_setting_count = sizeof agent_setting_table / sizeof agent_setting_table[0];

static bool is_word(const char *word, const char *text, size_t length) {
  return strlen(word) == length && strncmp(word, text, length) == 0;
}

const struct setting *agent_setting_find(const char *key, size_t length) {
  for (size_t i = 0; i < agent_setting_count; i++)
    if (is_word(agent_setting_table[i].key, key, length) || is_word(agent_setting_table[i].alias, key, length))
      return &agent_setting_table[i];
  return NULL;
}

bool agent_settings_names(const char *word, size_t length, const char **key, const char **alias) {
  const struct setting *setting = agent_setting_find(word, length);
  if (!setting)
    return false;
  *key = setting->key;
  *alias = setting->alias;
  return true;
}

static int parse_number(const char *text, uint32_t least, uint32_t most, uint32_t *value) {
  return oriel_number_parse(text, strlen(text), least, most, value);
}

static int parse_rate(const char *text, uint32_t *rate) {
  uint32_t value = 0;
  if (parse_number(text, 44100, 96000, &value) < 0 ||
      (value != 44100 && value != 48000 && value != 88200 && value != 96000))
    return -EINVAL;
  *rate = value;
  return 0;
}

static int parse_frame(const char *text, uint32_t *frame_us) {
  static const struct {
    const char *text;
    uint32_t us;
  } lengths[] = {{"2.5", 2500}, {"5", 5000}, {"10", 10000}, {"20", 20000}};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
    if (strcmp(text, lengths[i].text) == 0) {
      *frame_us = lengths[i].us;
      return 0;
    }
  return -EINVAL;
}

static int parse_name(const char *text, char *name) {
  const size_t size = strlen(text);
  if (size == 0 || size >= AGENT_NAME_SIZE || !oriel_utf8_is_line(text, size))
    return -EINVAL;
  memcpy(name, text, size + 1);
  return 0;
}

static int parse_shm(const char *text, char *name) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  if (strcmp(text, "none") == 0 || text[0] == '\0') {
    name[0] = '\0';
    return 0;
  }
  if (strncmp(text, "shm://", 6) == 0)
    text += 6;
  if (text[0] == '/')
    text++;
  const size_t size = strlen(text);
  if (size == 0 || size > 29 || text[0] == '.' || strspn(text, allowed) != size)
    return -EINVAL;
  memcpy(name, text, size + 1);
  return 0;
}

static int parse_socket(const char *text, char *path) {
  const size_t size = strlen(text);
  if (size == 0 || size >= AGENT_PATH_SIZE)
    return -EINVAL;
  if (strcmp(text, "none") == 0)
    path[0] = '\0';
  else
    memcpy(path, text, size + 1);
  return 0;
}

static int parse_screen(const char *text, bool *follows) {
  if (strcmp(text, "follow") != 0 && strcmp(text, "none") != 0)
    return -EINVAL;
  *follows = strcmp(text, "follow") == 0;
  return 0;
}

static int parse_flag(const char *text, bool *flag) {
  const bool is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
  if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
    return -EINVAL;
  *flag = is_true;
  return 0;
}

/** On -EINVAL `detail` may hold why an address was refused. */
static int parse_end(const char *text, struct agent_end *end, char *detail, size_t detail_size) {
  struct agent_end parsed = {.is_on = strcmp(text, "none") != 0 && text[0] != '\0'};
  if (parsed.is_on) {
    const int error = oriel_transport_address_parse_device(text, &parsed.address, detail, detail_size);
    if (error < 0)
      return error;
  }
  *end = parsed;
  return 0;
}

/** Of a stream without sound: there are no datagrams and no formats of it. */
static int parse_stream(const char *text, struct agent_end *end, char *detail, size_t detail_size) {
  struct agent_end parsed = {.is_on = strcmp(text, "none") != 0 && text[0] != '\0'};
  const struct oriel_transport_address *address = &parsed.address;
  if (parsed.is_on && oriel_transport_address_parse(text, &parsed.address, detail, detail_size) < 0)
    return -EINVAL;
  if (address->scheme == ORIEL_TRANSPORT_UDP || address->scheme == ORIEL_TRANSPORT_SHM || address->is_pcm ||
      address->frame_us != 0)
    return -EINVAL;
  *end = parsed;
  return 0;
}

int agent_setting_set(struct agent_settings *settings, const struct setting *setting, const char *shown,
                      const char *text, char *why, size_t why_size) {
  void *field = (char *)settings + setting->offset;
  char detail[256] = "";
  int error = -EINVAL;
  switch (setting->type) {
  case NAME: error = parse_name(text, field); break;
  case END: error = parse_end(text, field, detail, sizeof detail); break;
  case STREAM: error = parse_stream(text, field, detail, sizeof detail); break;
  case RATE: error = parse_rate(text, field); break;
  case NUMBER_OF_CHANNELS: error = parse_number(text, 1, AGENT_CHANNELS_MAX, field); break;
  case CHANNELS:
    error = parse_number(text, 1, AGENT_CHANNELS_MAX, field);
    if (error == 0)
      settings->input_channels = settings->output_channels;
    break;
  case BITRATE: error = parse_number(text, 16, 510, field); break;
  case FRAME: error = parse_frame(text, field); break;
  case SHM: error = parse_shm(text, field); break;
  case SOCKET: error = parse_socket(text, field); break;
  case SCREEN: error = parse_screen(text, field); break;
  case LEVEL: error = oriel_log_level_parse(text, field); break;
  case FLAG: error = parse_flag(text, field); break;
  }
  if (error < 0 && detail[0] != '\0')
    snprintf(why, why_size, "%s is \"%.100s\": %s", shown, text, detail);
  else if (error < 0)
    snprintf(why, why_size, "%s is \"%.100s\": it must be %s", shown, text, setting->allowed);
  return error;
}
