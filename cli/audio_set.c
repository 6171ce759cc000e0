/* SPDX-License-Identifier: MIT
 *
 * `oriel audio set`: settings of the sound devices. On Linux the user's agent.conf, checked before it is replaced, then
 * the running agent is told; on macOS the driver's property. Main thread.
 */
#include "cli/audio.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/audio_driver.h"
#include "cli/report.h"
#include "guest/agent/setting.h"
#include "guest/agent/settings.h"
#include "guest/agent/settings_load.h"
#include "guest/agent/settings_show.h"

static const char help[] =
  "Usage: oriel audio set [KEY=VALUE...] [OPTIONS]\n"
  "\n"
  "Changes settings of oriel-agent (~/.config/oriel/agent.conf; a running agent takes them at once) or, on macOS, of\n"
  "OrielAudio.driver; all of them or, when one is wrong, none. Without KEY=VALUE prints those in force.\n"
  "\n"
  "  output, input                      where sound goes and the microphone comes from: an address, or none\n"
  "  output-name, input-name            names of the devices\n"
  "  rate                               44100, 48000, 88200 or 96000\n"
  "  output-channels, input-channels    1 to 16\n"
  "  bitrate, frame                     of Opus in kbit/s; length of a packet in ms\n"
  "  shm                                name of the shared memory that carries what is played, or none\n"
  "The driver's spellings (Transport, Microphone, OutputName, ...) mean the same.\n"
  "\n"
  "  --config FILE      change this file of the agent\n"
  "  --control PATH     the agent's socket (default $XDG_RUNTIME_DIR/oriel/agent.sock)\n"
  "\n"
  "Exit status: 0 done, 1 it failed, 2 a setting is wrong.\n";

enum { FILE_MAX = 60 * 1024, LOCK_TRIES = 500, LOCK_WAIT_NS = 10 * 1000 * 1000 };

struct pair {
  const char *key, *alias, *value;
};

static int split(const char *word, struct pair *pair) {
  const char *equals = strchr(word, '=');
  if (equals == NULL)
    return oriel_report(ORIEL_EXIT_USAGE, "\"%.100s\" is no setting: write KEY=VALUE, as in rate=48000", word);
  if (!agent_settings_names(word, (size_t)(equals - word), &pair->key, &pair->alias))
    return oriel_report(ORIEL_EXIT_USAGE, "no setting \"%.*s\": see `oriel audio set --help`",
                        (int)(equals - word < 60 ? equals - word : 60), word);
  pair->value = equals + 1;
  if (strpbrk(pair->value, "\r\n") != NULL)
    return oriel_report(ORIEL_EXIT_USAGE, "%s: a value is one line", pair->key);
  return -1;
}

/* ---- the agent's file ---- */

/** True when this line sets one of the pairs, by either spelling. */
static bool is_replaced(const char *line, size_t size, const struct pair *pairs, size_t count) {
  const char *key = NULL, *alias = NULL, *equals = memchr(line, '=', size);
  size_t length = equals != NULL ? (size_t)(equals - line) : 0;
  while (length > 0 && (*line == ' ' || *line == '\t'))
    line++, length--;
  while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
    length--;
  if (!agent_settings_names(line, length, &key, &alias))
    return false;
  for (size_t i = 0; i < count; i++)
    if (strcmp(pairs[i].key, key) == 0)
      return true;
  return false;
}

/** The old text without the lines that the pairs replace, and theirs behind it. Owned by the caller. */
static char *merge(const char *old, const struct pair *pairs, size_t count) {
  size_t room = strlen(old) + 2;
  for (size_t i = 0; i < count; i++)
    room += strlen(pairs[i].key) + strlen(pairs[i].value) + 5;
  char *text = malloc(room), *end = text;
  if (text == NULL)
    return NULL;
  for (const char *line = old; *line != '\0';) {
    const size_t size = strcspn(line, "\n");
    if (!is_replaced(line, size, pairs, count)) {
      memcpy(end, line, size);
      end += size;
      *end++ = '\n';
    }
    line += size + (line[size] == '\n' ? 1 : 0);
  }
  *end = '\0';
  for (size_t i = 0; i < count; i++)
    end += snprintf(end, room - (size_t)(end - text), "%s = %s\n", pairs[i].key, pairs[i].value);
  return text;
}

/** The file's text, "" where there is none yet; NULL with errno. Owned by the caller. */
static char *read_text(const char *path) {
  char *text = calloc(1, FILE_MAX + 1);
  FILE *file = fopen(path, "re");
  if (file == NULL && errno == ENOENT)
    return text;
  if (file != NULL && text != NULL && fread(text, 1, FILE_MAX + 1, file) <= FILE_MAX && !ferror(file) &&
      strlen(text) <= FILE_MAX) {
    fclose(file);
    return text;
  }
  const int error = file == NULL || ferror(file) ? errno : EFBIG;
  if (file != NULL)
    fclose(file);
  free(text);
  errno = error;
  return NULL;
}

/** Makes the two directories above the file that may be missing. */
static void make_directories(const char *path) {
  char part[1100];
  for (int up = 2; up > 0; up--) {
    snprintf(part, sizeof part, "%s", path);
    for (int i = 0; i < up; i++) {
      char *slash = strrchr(part, '/');
      if (slash == NULL || slash == part)
        return;
      *slash = '\0';
    }
    mkdir(part, 0700); /* what stands in the way is told when the file is written */
  }
}

/** Holds the file's folder against another `oriel audio set` from the reading to the writing, or one would undo the
 *  other; closing the descriptor gives it free. -EBUSY: another held it for as long as we wait. A folder that cannot be
 *  opened is told when the file is written. */
static int lock_folder(const char *path) {
  char folder[1024];
  snprintf(folder, sizeof folder, "%s", path);
  const int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && (errno == EWOULDBLOCK || errno == EINTR); i++) {
    if (i == LOCK_TRIES) {
      close(fd);
      return -EBUSY;
    }
    nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT_NS}, NULL);
  }
  return fd;
}

/** In place of the old file, whole or not at all. 0, -errno. */
static int write_text(const char *path, const char *text) {
  char fresh[1100];
  const size_t size = strlen(text);
  if ((size_t)snprintf(fresh, sizeof fresh, "%s.XXXXXX", path) >= sizeof fresh)
    return -ENAMETOOLONG;
  const int fd = mkstemp(fresh);
  if (fd < 0)
    return -errno;
  int result = fchmod(fd, 0644) < 0 || write(fd, text, size) != (ssize_t)size || fsync(fd) < 0
                   ? -(errno != 0 ? errno : ENOSPC)
                   : 0;
  if (close(fd) < 0 && result == 0)
    result = -errno;
  if (result == 0 && rename(fresh, path) < 0)
    result = -errno;
  if (result < 0)
    unlink(fresh);
  return result;
}

/** Tells the agent that answers at its socket. False: none does. */
static bool reload(const char *control) {
  char path[108];
  const int fd = oriel_audio_control_path(control, path, sizeof path) ? oriel_audio_control_connect(path) : -ENOENT;
  bool told = false;
  if (fd < 0)
    return false;
#ifdef SO_PEERCRED
  struct ucred peer = {0};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == getuid() && peer.pid > 1)
    told = kill(peer.pid, SIGHUP) == 0;
#endif
  close(fd);
  return told;
}

static int check(const char *shown, const char *text, char *why, size_t why_size) {
  struct agent_settings settings;
  agent_settings_default(&settings);
  int result = agent_settings_parse(&settings, shown, text, strlen(text), why, why_size);
  if (result == 0 && settings.output.is_on && !settings.output.address.is_pcm &&
      agent_end_frame_us(&settings, &settings.output) < 5000) {
    snprintf(why, why_size,
             "output: packets of 2.5 ms need PCM: choose frame 5, 10 or 20, or add ?format=pcm to the address");
    result = -EINVAL;
  }
  return result;
}

/** With the folder's lock. */
static int change_file(const char *path, const char *control, const struct pair *pairs, size_t count) {
  char why[AGENT_WHY_SIZE];
  char *old = read_text(path);
  if (old == NULL)
    return oriel_report(ORIEL_EXIT_ERROR, "cannot read %s: %s: check the path and its permissions", path,
                        strerror(errno));
  char *text = merge(old, pairs, count);
  free(old);
  int status = ORIEL_EXIT_OK, result = 0;
  if (text == NULL)
    status = oriel_report(ORIEL_EXIT_ERROR, "memory is short");
  else if (check(path, text, why, sizeof why) < 0)
    status = oriel_report(ORIEL_EXIT_USAGE, "%s; nothing was changed", why);
  else if ((result = write_text(path, text)) < 0)
    status = oriel_report(ORIEL_EXIT_ERROR, "cannot write %s: %s: check the folder and its permissions", path,
                          strerror(-result));
  else
    printf("%s: %zu set; %s\n", path, count,
           reload(control) ? "oriel-agent takes it" : "no oriel-agent runs here, the next one takes it");
  free(text);
  return status;
}

static int set_agent(const char *config, const char *control, const struct pair *pairs, size_t count) {
  char path[1024];
  if (config != NULL ? (size_t)snprintf(path, sizeof path, "%s", config) >= sizeof path
                     : !agent_settings_user_file(path, sizeof path))
    return oriel_report(ORIEL_EXIT_ERROR,
                        "cannot tell where the agent's settings are: set HOME, or give --config FILE");
  make_directories(path);
  const int lock = lock_folder(path);
  if (lock == -EBUSY)
    return oriel_report(ORIEL_EXIT_ERROR, "%s is being changed by another oriel audio set: try again", path);
  const int status = change_file(path, control, pairs, count);
  if (lock >= 0)
    close(lock);
  return status;
}

static int show_agent(const char *config) {
  struct agent_settings settings;
  char why[AGENT_WHY_SIZE];
  char *argv[] = {(char *)"oriel", (char *)"--config", (char *)config, NULL};
  const int result = agent_settings_load(&settings, config != NULL ? 3 : 1, argv, why, sizeof why);
  if (result < 0)
    return oriel_report(result == -EINVAL ? ORIEL_EXIT_USAGE : ORIEL_EXIT_ERROR, "%s", why);
  agent_settings_print(&settings, stdout);
  return ORIEL_EXIT_OK;
}

/* ---- the macOS driver ---- */

static int set_driver(const struct pair *pairs, size_t count) {
  char lines[4096] = "", text[4096], why[512];
  size_t have = 0;
  for (size_t i = 0; i < count && have < sizeof lines; i++)
    have += (size_t)snprintf(lines + have, sizeof lines - have, "%s = %s\n", pairs[i].alias, pairs[i].value);
  if (have >= sizeof lines)
    return oriel_report(ORIEL_EXIT_USAGE, "the settings are longer than %zu bytes: set fewer at a time",
                        sizeof lines - 1);
  const int result = oriel_audio_driver_set(lines, text, sizeof text, why, sizeof why);
  if (result < 0)
    return oriel_report(result == -EINVAL ? ORIEL_EXIT_USAGE : ORIEL_EXIT_ERROR, "%s", why);
  fputs(text, stdout);
  return ORIEL_EXIT_OK;
}

int oriel_audio_set_command(int argc, char *const argv[]) {
  const char *config = NULL, *control = NULL;
  struct pair pairs[64];
  const struct oriel_audio_option options[] = {{"--config", &config, NULL}, {"--control", &control, NULL}};
  struct oriel_audio_words words = {.options = options, .option_count = 2, .help = help, .operands_max = 64};
  int status = oriel_audio_parse(&words, argc, argv);
  for (size_t i = 0; status < 0 && i < words.operand_count; i++)
    status = split(words.operands[i], &pairs[i]);
  if (status >= 0)
    return status;
  char text[4096], why[512];
  const bool has_driver = config == NULL && oriel_audio_driver_set("", text, sizeof text, why, sizeof why) != -ENOSYS;
  if (has_driver)
    return set_driver(pairs, words.operand_count);
  return words.operand_count > 0 ? set_agent(config, control, pairs, words.operand_count) : show_agent(config);
}
