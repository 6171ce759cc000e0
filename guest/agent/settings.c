/* SPDX-License-Identifier: MIT
 *
 * One table of settings for files, command line and help. Main thread.
 */
#include "guest/agent/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024, VALUE_MAX = 400 };

enum type { NAME, END, RATE, CHANNELS, NUMBER_OF_CHANNELS, BITRATE, FRAME, SHM, SOCKET, LEVEL, FLAG };

struct setting {
  const char *key, *value, *allowed, *help;
  const char *alias; /* the same setting in the macOS driver's property list */
  enum type type;
  size_t offset;
};

#define AT(field) offsetof(struct agent_settings, field)
#define ADDRESS_WORDS "vsock://, unix://, tcp://, udp://, serial:// or mux:// and where it leads, or none"

static const struct setting table[] = {
  {.key = "output",
   .alias = "Transport",
   .value = "ADDRESS",
   .type = END,
   .offset = AT(output),
   .allowed = ADDRESS_WORDS,
   .help =
     "where the sound played here goes (default vsock://2:5000): vsock://CID:PORT, unix:///PATH, tcp://HOST:PORT, "
     "udp://HOST:PORT, serial:///dev/virtio-ports/NAME, mux:///PATH?port=N, or none. Behind it ?format=pcm for raw "
     "samples, ?frame=5 for short packets"},
  {.key = "input",
   .alias = "Microphone",
   .value = "ADDRESS",
   .type = END,
   .offset = AT(input),
   .allowed = ADDRESS_WORDS,
   .help = "where the microphone comes from (default vsock://2:5001), likewise"},
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
     "channels of both devices (default 2). A stream is stereo: what goes out is mixed, what comes in is spread"},
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
enum { SETTINGS = sizeof table / sizeof table[0] };

static bool is_word(const char *word, const char *text, size_t length) {
  return strlen(word) == length && strncmp(word, text, length) == 0;
}

static const struct setting *find(const char *key, size_t length) {
  for (size_t i = 0; i < SETTINGS; i++)
    if (is_word(table[i].key, key, length) || is_word(table[i].alias, key, length))
      return &table[i];
  return NULL;
}

bool agent_settings_names(const char *word, size_t length, const char **key, const char **alias) {
  const struct setting *setting = find(word, length);
  if (setting == NULL)
    return false;
  *key = setting->key;
  *alias = setting->alias;
  return true;
}

static int parse_number(const char *text, unsigned long min, unsigned long max, uint32_t *value) {
  if (text[0] < '0' || text[0] > '9')
    return -EINVAL;
  char *end = NULL;
  errno = 0;
  const unsigned long number = strtoul(text, &end, 10);
  if (errno != 0 || *end != '\0' || number < min || number > max)
    return -EINVAL;
  *value = (uint32_t)number;
  return 0;
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
  if (size == 0 || size >= AGENT_NAME_SIZE)
    return -EINVAL;
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)text[i] < ' ' || text[i] == 127)
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
    const int result = oriel_transport_address_parse(text, &parsed.address, detail, detail_size);
    if (result < 0)
      return result;
    if (parsed.address.scheme == ORIEL_TRANSPORT_SHM) {
      snprintf(detail, detail_size, "shared memory is no stream: set shm = NAME instead");
      return -EINVAL;
    }
  }
  *end = parsed;
  return 0;
}

/** `shown` says where the text stands: "--rate" or "/etc/oriel/agent.conf:3: rate". */
static int set(struct agent_settings *settings, const struct setting *setting, const char *shown, const char *text,
               char *why, size_t why_size) {
  void *field = (char *)settings + setting->offset;
  char detail[256] = "";
  int result = -EINVAL;
  switch (setting->type) {
    case NAME: result = parse_name(text, field); break;
    case END: result = parse_end(text, field, detail, sizeof detail); break;
    case RATE: result = parse_rate(text, field); break;
    case NUMBER_OF_CHANNELS: result = parse_number(text, 1, AGENT_CHANNELS_MAX, field); break;
    case CHANNELS:
      result = parse_number(text, 1, AGENT_CHANNELS_MAX, field);
      if (result == 0)
        settings->input_channels = settings->output_channels;
      break;
    case BITRATE: result = parse_number(text, 16, 510, field); break;
    case FRAME: result = parse_frame(text, field); break;
    case SHM: result = parse_shm(text, field); break;
    case SOCKET: result = parse_socket(text, field); break;
    case LEVEL: result = oriel_log_level_parse(text, field); break;
    case FLAG: result = parse_flag(text, field); break;
  }
  if (result < 0 && detail[0] != '\0')
    snprintf(why, why_size, "%s is \"%.100s\": %s", shown, text, detail);
  else if (result < 0)
    snprintf(why, why_size, "%s is \"%.100s\": it must be %s", shown, text, setting->allowed);
  return result;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/** A line without its end. */
static int parse_line(struct agent_settings *settings, const char *shown, unsigned number, const char *line,
                      size_t size, char *why, size_t why_size) {
  while (size > 0 && is_blank(line[size - 1]))
    size--;
  while (size > 0 && is_blank(*line))
    line++, size--;
  if (size == 0 || *line == '#')
    return 0;
  const char *equals = memchr(line, '=', size);
  size_t key_size = equals != NULL ? (size_t)(equals - line) : size;
  while (key_size > 0 && is_blank(line[key_size - 1]))
    key_size--;
  const struct setting *setting = equals != NULL ? find(line, key_size) : NULL;
  if (setting == NULL) {
    if (equals == NULL)
      snprintf(why, why_size, "%s:%u: \"%.*s\" is no line of the form key = value", shown, number,
               (int)(size < 60 ? size : 60), line);
    else
      snprintf(why, why_size, "%s:%u: no setting \"%.*s\": see `oriel-agent --help` for those there are", shown, number,
               (int)(key_size < 60 ? key_size : 60), line);
    return -EINVAL;
  }
  const char *value = equals + 1;
  size_t value_size = (size_t)(line + size - value);
  while (value_size > 0 && is_blank(*value))
    value++, value_size--;
  char text[VALUE_MAX];
  char place[160];
  snprintf(place, sizeof place, "%.100s:%u: %s", shown, number, setting->key);
  if (value_size >= sizeof text || memchr(value, '\0', value_size) != NULL) {
    snprintf(why, why_size, "%s: the value is longer than %d bytes or holds a zero byte: shorten it", place,
             VALUE_MAX - 1);
    return -EINVAL;
  }
  memcpy(text, value, value_size);
  text[value_size] = '\0';
  return set(settings, setting, place, text, why, why_size);
}

int agent_settings_parse(struct agent_settings *settings, const char *shown, const char *text, size_t size, char *why,
                         size_t why_size) {
  for (unsigned number = 1; size > 0; number++) {
    const char *end = memchr(text, '\n', size);
    const size_t length = end != NULL ? (size_t)(end - text) : size;
    const int result = parse_line(settings, shown, number, text, length, why, why_size);
    if (result < 0)
      return result;
    const size_t taken = end != NULL ? length + 1 : length;
    text += taken;
    size -= taken;
  }
  return 0;
}

/** A file that is not there is fine unless it was asked for. */
static int read_file(struct agent_settings *settings, const char *path, bool is_needed, char *why, size_t why_size) {
  FILE *file = fopen(path, "re");
  if (file == NULL && errno == ENOENT && !is_needed)
    return 0;
  char *text = malloc(FILE_MAX + 1);
  int result = file == NULL ? -errno : text == NULL ? -ENOMEM : 0;
  size_t size = 0;
  if (result == 0) {
    errno = 0;
    size = fread(text, 1, FILE_MAX + 1, file);
    result = ferror(file) ? -(errno != 0 ? errno : EIO) : 0;
  }
  if (result < 0)
    snprintf(why, why_size, "cannot read %s: %s: check the path and its permissions", path, strerror(-result));
  else if (size > FILE_MAX) {
    snprintf(why, why_size, "%s is longer than %d bytes: it is no file of settings", path, FILE_MAX);
    result = -EINVAL;
  } else
    result = agent_settings_parse(settings, path, text, size, why, why_size);
  free(text);
  if (file != NULL)
    fclose(file);
  return result;
}

bool agent_settings_user_file(char *path, size_t size) {
  const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  int length = -1;
  if (base != NULL && base[0] == '/')
    length = snprintf(path, size, "%s/oriel/agent.conf", base);
  else if (home != NULL && home[0] == '/')
    length = snprintf(path, size, "%s/.config/oriel/agent.conf", home);
  return length > 0 && (size_t)length < size;
}

static int read_files(struct agent_settings *settings, const char *config, char *why, size_t why_size) {
  if (config != NULL)
    return read_file(settings, config, true, why, why_size);
  int result = read_file(settings, "/etc/oriel/agent.conf", false, why, why_size);
  char path[1024];
  if (result == 0 && agent_settings_user_file(path, sizeof path))
    result = read_file(settings, path, false, why, why_size);
  return result;
}

static const struct {
  const char *name;
  enum agent_action action;
} actions[] = {
  {"--check", AGENT_CHECK}, {"--status", AGENT_STATUS}, {"--help", AGENT_HELP}, {"-h", AGENT_HELP},
  {"--version", AGENT_VERSION},
};

static bool take_action(struct agent_settings *settings, const char *word) {
  for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
    if (strcmp(word, actions[i].name) == 0) {
      settings->action = actions[i].action;
      return true;
    }
  return false;
}

/** One argument and maybe its value; `config` non-NULL: only --config is looked at, else all but it. */
static int take_argument(struct agent_settings *settings, int argc, char *const argv[], int *next,
                         const char **config, char *why, size_t why_size) {
  const char *word = argv[*next];
  if (take_action(settings, word))
    return 0;
  const bool is_option = strncmp(word, "--", 2) == 0;
  const size_t length = is_option ? strcspn(word + 2, "=") : 0;
  const bool is_config = is_option && length == 6 && strncmp(word + 2, "config", 6) == 0;
  const struct setting *setting = is_option && !is_config ? find(word + 2, length) : NULL;
  if (setting == NULL && !is_config) {
    snprintf(why, why_size, "%s \"%.100s\": see `oriel-agent --help`", is_option ? "unknown option" : "unexpected",
             word);
    return -EINVAL;
  }
  const char *value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
  if (value == NULL && setting != NULL && setting->type == FLAG)
    value = "true";
  if (value == NULL && *next + 1 < argc)
    value = argv[++*next];
  if (value == NULL) {
    snprintf(why, why_size, "--%.*s needs a value: --%.*s %s", (int)length, word + 2, (int)length, word + 2,
             is_config ? "FILE" : setting->value);
    return -EINVAL;
  }
  if (is_config) {
    *config = value;
    return 0;
  }
  char shown[64];
  snprintf(shown, sizeof shown, "--%s", setting->key);
  return set(settings, setting, shown, value, why, why_size);
}

static int take_arguments(struct agent_settings *settings, int argc, char *const argv[], const char **config,
                          char *why, size_t why_size) {
  int result = 0;
  for (int i = 1; i < argc && result == 0; i++)
    result = take_argument(settings, argc, argv, &i, config, why, why_size);
  return result;
}

/** What no single value shows to be wrong. */
static int check(const struct agent_settings *settings, char *why, size_t why_size) {
  if (settings->output.is_on && !settings->output.address.is_pcm &&
      agent_end_frame_us(settings, &settings->output) < 5000) {
    snprintf(why, why_size,
             "output: packets of 2.5 ms need PCM: choose frame 5, 10 or 20, or add ?format=pcm to the address");
    return -EINVAL;
  }
  return 0;
}

void agent_settings_default(struct agent_settings *settings) {
  const struct oriel_transport_address host = {.scheme = ORIEL_TRANSPORT_VSOCK, .cid = 2, .port = 5000};
  *settings = (struct agent_settings){
    .output_name = "Oriel Output", .input_name = "Oriel Input", .output = {true, host}, .input = {true, host},
    .rate = 48000, .output_channels = 2, .input_channels = 2, .bitrate_kbps = 128, .log_level = ORIEL_LOG_INFO,
  };
  settings->input.address.port = 5001;
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime != NULL && runtime[0] == '/' &&
      (size_t)snprintf(settings->control, AGENT_PATH_SIZE, "%s/oriel/agent.sock", runtime) >= AGENT_PATH_SIZE)
    settings->control[0] = '\0';
}

int agent_settings_load(struct agent_settings *settings, int argc, char *const argv[], char *why, size_t why_size) {
  const char *config = NULL;
  struct agent_settings scratch; /* a first pass over the arguments finds --config, --help and mistakes */
  agent_settings_default(&scratch);
  int result = take_arguments(&scratch, argc, argv, &config, why, why_size);
  if (result < 0)
    return result;
  agent_settings_default(settings);
  settings->action = scratch.action;
  if (scratch.action == AGENT_HELP || scratch.action == AGENT_VERSION)
    return 0;
  result = read_files(settings, config, why, why_size);
  if (result == 0)
    result = take_arguments(settings, argc, argv, &config, why, why_size);
  if (result == 0)
    result = check(settings, why, why_size);
  return result;
}

uint32_t agent_end_frame_us(const struct agent_settings *settings, const struct agent_end *end) {
  if (end->address.frame_us != 0)
    return end->address.frame_us;
  if (settings->frame_us != 0)
    return settings->frame_us;
  return end->address.is_pcm ? 2500 : 20000;
}

uint32_t agent_end_rate(const struct agent_settings *settings, const struct agent_end *end) {
  return end->is_on ? 48000 : settings->rate;
}

static void print_end(const char *key, const struct agent_end *end, FILE *file) {
  char text[600] = "none";
  if (end->is_on)
    oriel_transport_address_format(&end->address, text, sizeof text);
  fprintf(file, "%s = %s\n", key, text);
}

void agent_settings_print(const struct agent_settings *settings, FILE *file) {
  static const char *const levels[] = {"error", "warn", "info", "debug"};
  print_end("output", &settings->output, file);
  print_end("input", &settings->input, file);
  fprintf(file, "output-name = %s\ninput-name = %s\n", settings->output_name, settings->input_name);
  fprintf(file, "output-channels = %u\ninput-channels = %u\n", settings->output_channels, settings->input_channels);
  fprintf(file, "rate = %u\nbitrate = %u\n", settings->rate, settings->bitrate_kbps);
  if (settings->frame_us != 0)
    fprintf(file, "frame = %g\n", settings->frame_us / 1000.0);
  fprintf(file, "shm = %s\n", settings->shm[0] != '\0' ? settings->shm : "none");
  fprintf(file, "control = %s\n", settings->control[0] != '\0' ? settings->control : "none");
  fprintf(file, "log-level = %s\nlog-json = %s\n", levels[settings->log_level], settings->log_json ? "true" : "false");
}

/** Broken at spaces before column 100. */
static void print_wrapped(FILE *file, const char *text, int indent) {
  int column = indent;
  while (*text != '\0') {
    const int word = (int)strcspn(text, " ");
    if (column + word > 99) {
      fprintf(file, "\n%*s", indent, "");
      column = indent;
    }
    fprintf(file, "%.*s", word, text);
    column += word;
    text += word;
    if (*text == ' ') {
      fputc(' ', file);
      column++;
      text++;
    }
  }
  fputc('\n', file);
}

void agent_settings_help(FILE *file) {
  fputs("usage: oriel-agent [--KEY VALUE]...\n\n"
        "Two sound devices on PipeWire: what is played into Oriel Output goes to the host, what the host's microphone\n"
        "hears comes out of Oriel Input. Settings, by falling strength: the command line, ~/.config/oriel/agent.conf,\n"
        "/etc/oriel/agent.conf (lines of KEY = VALUE, # starts a comment).\n\n", file);
  for (size_t i = 0; i < SETTINGS; i++) {
    char left[64];
    snprintf(left, sizeof left, "--%s %s", table[i].key, table[i].value != NULL ? table[i].value : "");
    fprintf(file, "  %-22s ", left);
    print_wrapped(file, table[i].help, 25);
  }
  fputs("  --config FILE          read this file and none of the two\n"
        "  --check                read the settings, print those in force, end\n"
        "  --status               print what the running agent does, as JSON\n"
        "  --version, --help\n\n"
        "Exit status: 0 fine, 1 it failed, 2 a setting is wrong.\n", file);
}
