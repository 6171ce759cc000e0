/* SPDX-License-Identifier: MIT
 *
 * `oriel audio stage`: the built macOS driver, its installer and settings into a folder that a VM shares. The guest may
 * write there, too, so nothing is followed or overwritten: a fresh folder is filled through descriptors, then takes the
 * place of the last. Main thread.
 */
#include "cli/audio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "cli/report.h"
#include "driver/settings.h"
#include "guest/agent/setting.h"

static const char help[] =
  "Usage: oriel audio stage --share DIR [KEY=VALUE...]\n"
  "\n"
  "Puts OrielAudio.driver, install.sh and uninstall.sh (built by `make darwin`) into DIR/OrielAudio, for a Mac that\n"
  "shares that folder. There: sudo ./install.sh. KEY=VALUE become the driver's settings, as in\n"
  "  oriel audio stage --share ~/vm/share Transport=tcp://192.168.64.1:5000 Microphone=tcp://192.168.64.1:5001\n"
  "Keys are those of `oriel audio set`. ORIEL_DARWIN_DIR names the folder with the driver, if it is not beside oriel.\n"
  "\n"
  "Exit status: 0 done, 1 it failed, 2 wrong usage or setting.\n";

enum { DEPTH_MAX = 8, PLIST_MAX = 64 * 1024 };

static const char *const parts[] = {"OrielAudio.driver", "install.sh", "uninstall.sh"};
static const char plist_path[] = "OrielAudio.driver/Contents/Resources/OrielAudio.plist";

/** Depth first; links are never followed. 0, -errno. */
static int remove_tree(int at, const char *name, int depth) {
  if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
    return 0;
  const int fd = depth < DEPTH_MAX ? openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
  if (directory == NULL) {
    const int error = -errno;
    if (fd >= 0)
      close(fd);
    return error;
  }
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(directory)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      result = remove_tree(fd, entry->d_name, depth + 1);
  closedir(directory);
  if (result == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0)
    result = -errno;
  return result;
}

static int copy_file(int from, int to_at, const char *name, mode_t mode) {
  char data[64 * 1024];
  const int to = openat(to_at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0755);
  ssize_t size = 0;
  int result = to < 0 ? -errno : 0;
  while (result == 0 && (size = read(from, data, sizeof data)) > 0)
    if (write(to, data, (size_t)size) != size)
      result = -(errno != 0 ? errno : ENOSPC);
  if (result == 0 && size < 0)
    result = -errno;
  if (to >= 0 && close(to) < 0 && result == 0)
    result = -errno;
  return result;
}

/** A file or a folder with all in it. 0, -errno. */
static int copy_tree(int from_at, int to_at, const char *name, int depth) {
  struct stat status;
  const int from = depth < DEPTH_MAX ? openat(from_at, name, O_RDONLY | O_CLOEXEC) : -1;
  if (from < 0 || fstat(from, &status) < 0 || !S_ISDIR(status.st_mode)) {
    const int result = from < 0 ? -errno : copy_file(from, to_at, name, status.st_mode);
    if (from >= 0)
      close(from);
    return result;
  }
  const int to =
      mkdirat(to_at, name, 0755) == 0 ? openat(to_at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  int result = to < 0 ? -errno : 0;
  DIR *directory = fdopendir(from);
  for (struct dirent *entry; result == 0 && directory != NULL && (entry = readdir(directory)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      result = copy_tree(from, to, entry->d_name, depth + 1);
  if (directory != NULL)
    closedir(directory);
  else
    close(from);
  if (to >= 0)
    close(to);
  return result;
}

/* ---- settings ---- */

static void escape(const char *value, char *text, size_t size) {
  size_t have = 0;
  for (text[0] = '\0'; *value != '\0' && have + 8 < size; value++) {
    const char *name = *value == '&' ? "&amp;" : *value == '<' ? "&lt;" : *value == '>' ? "&gt;" : NULL;
    have += (size_t)(name != NULL ? snprintf(text + have, size - have, "%s", name)
                                  : snprintf(text + have, size - have, "%c", *value));
  }
}

/** Puts `value` between the tags behind <key>`key`</key>. 0, -EBADMSG: the list has no such entry; -EMSGSIZE. */
static int replace(char text[PLIST_MAX], const char *key, const char *value) {
  char tag[80], escaped[2048];
  snprintf(tag, sizeof tag, "<key>%s</key>", key);
  char *at = strstr(text, tag);
  char *open = at != NULL ? strchr(at + strlen(tag), '<') : NULL;
  char *begin = open != NULL ? strchr(open, '>') : NULL;
  char *end = begin != NULL ? strchr(begin, '<') : NULL;
  if (end == NULL || end[1] != '/')
    return -EBADMSG;
  begin++;
  escape(value, escaped, sizeof escaped);
  const size_t size = strlen(escaped), rest = strlen(end) + 1;
  if ((size_t)(begin - text) + size + rest > PLIST_MAX)
    return -EMSGSIZE;
  memmove(begin + size, end, rest);
  memcpy(begin, escaped, size);
  return 0;
}

/** KEY=VALUE into the list's text. -1, or an exit status. */
static int apply(char text[PLIST_MAX], const char *word) {
  struct settings settings = settings_default;
  char why[SETTINGS_WHY_SIZE];
  const char *key = NULL, *alias = NULL, *equals = strchr(word, '=');
  if (equals == NULL)
    return oriel_report(ORIEL_EXIT_USAGE, "\"%.100s\" is no setting: write KEY=VALUE, as in Rate=48000", word);
  if (!agent_settings_names(word, (size_t)(equals - word), &key, &alias) ||
      settings_set(&settings, alias, equals + 1, why) == -ENOENT)
    return oriel_report(ORIEL_EXIT_USAGE, "the driver has no setting \"%.*s\": see `oriel audio set --help`",
                        (int)(equals - word < 60 ? equals - word : 60), word);
  if (settings_set(&settings, alias, equals + 1, why) < 0)
    return oriel_report(ORIEL_EXIT_USAGE, "%s", why);
  if (text != NULL && replace(text, alias, strcmp(equals + 1, "none") == 0 ? "" : equals + 1) < 0)
    return oriel_report(ORIEL_EXIT_ERROR,
                        "the built driver's settings have no place for %s: `make darwin` builds them anew", alias);
  return -1;
}

static int write_settings(int fresh, const struct oriel_audio_words *words) {
  static char text[PLIST_MAX];
  int fd = openat(fresh, plist_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0)
    close(fd);
  if (size < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "cannot read %s of the built driver: %s: `make darwin` builds it anew",
                        plist_path, strerror(errno));
  text[size] = '\0';
  int status = -1;
  for (size_t i = 0; status < 0 && i < words->operand_count; i++)
    status = apply(text, words->operands[i]);
  if (status >= 0)
    return status;
  fd = openat(fresh, plist_path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
  size = fd >= 0 ? write(fd, text, strlen(text)) : -1;
  if (fd >= 0)
    close(fd);
  return size == (ssize_t)strlen(text)
             ? -1
             : oriel_report(ORIEL_EXIT_ERROR, "cannot write the driver's settings: %s", strerror(errno));
}

/* ---- the command ---- */

static bool has_driver(const char *directory) {
  char path[4200];
  snprintf(path, sizeof path, "%s/OrielAudio.driver/Contents/MacOS/OrielAudio", directory);
  return access(path, R_OK) == 0;
}

/** -1 with the folder of the built driver; or the exit status after telling how to build it. */
static int find_driver(char *directory, size_t size) {
  char binary[2048];
  size_t length = sizeof binary;
  const char *chosen = getenv("ORIEL_DARWIN_DIR");
  if (chosen != NULL && chosen[0] != '\0') {
    snprintf(directory, size, "%s", chosen);
    return has_driver(directory)
               ? -1
               : oriel_report(ORIEL_EXIT_ERROR,
                              "no OrielAudio.driver in %.300s, where ORIEL_DARWIN_DIR points: `make darwin` "
                              "builds it in build/darwin",
                              chosen);
  }
  if (uv_exepath(binary, &length) != 0)
    strcpy(binary, "./oriel");
  const char *beside = dirname(binary);
  snprintf(directory, size, "%s/../share/oriel/darwin", beside);
  if (has_driver(directory))
    return -1;
  snprintf(directory, size, "%s/darwin", beside);
  return has_driver(directory)
             ? -1
             : oriel_report(ORIEL_EXIT_ERROR,
                            "the macOS driver is not built (no %.300s/OrielAudio.driver): `make darwin` builds it",
                            directory);
}

static int fill(int from, int fresh, const char *directory, const struct oriel_audio_words *words) {
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    const int result = copy_tree(from, fresh, parts[i], 0);
    if (result < 0)
      return oriel_report(ORIEL_EXIT_ERROR,
                          "cannot copy %s from %s: %s: is the disk full, or the build incomplete (`make darwin`)?",
                          parts[i], directory, strerror(-result));
  }
  return words->operand_count > 0 ? write_settings(fresh, words) : -1;
}

static int stage(const char *share, const char *directory, const struct oriel_audio_words *words) {
  char name[64];
  snprintf(name, sizeof name, ".OrielAudio.%d", (int)getpid());
  const int to = open(share, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (to < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "cannot open %.300s: %s: give the folder that the VM shares", share,
                        strerror(errno));
  const int from = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int fresh = -1, status = -1, result = remove_tree(to, name, 0);
  if (result < 0 || mkdirat(to, name, 0755) < 0 ||
      (fresh = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
    status = oriel_report(ORIEL_EXIT_ERROR, "cannot write to %.300s: %s: check its permissions", share,
                          strerror(result < 0 ? -result : errno));
  if (status < 0)
    status = fill(from, fresh, directory, words);
  if (status < 0 && ((result = remove_tree(to, "OrielAudio", 0)) < 0 ||
                     (renameat(to, name, to, "OrielAudio") < 0 && (result = -errno) < 0)))
    status = oriel_report(ORIEL_EXIT_ERROR, "cannot replace %.300s/OrielAudio: %s: remove it, then try again", share,
                          strerror(-result));
  if (status >= 0)
    remove_tree(to, name, 0);
  else
    printf("%s/OrielAudio is there; on the Mac: sudo ./install.sh in that folder\n", share);
  if (fresh >= 0)
    close(fresh);
  if (from >= 0)
    close(from);
  close(to);
  return status < 0 ? ORIEL_EXIT_OK : status;
}

int oriel_audio_stage_command(int argc, char *const argv[]) {
  const char *share = NULL;
  char directory[4096];
  const struct oriel_audio_option options[] = {{"--share", &share, NULL}};
  struct oriel_audio_words words = {.options = options, .option_count = 1, .help = help, .operands_max = 64};
  int status = oriel_audio_parse(&words, argc, argv);
  if (status < 0 && share == NULL)
    status = oriel_report(ORIEL_EXIT_USAGE, "stage needs the folder that the VM shares: oriel audio stage --share DIR");
  for (size_t i = 0; status < 0 && i < words.operand_count; i++)
    status = apply(NULL, words.operands[i]);
  if (status < 0)
    status = find_driver(directory, sizeof directory);
  return status < 0 ? stage(share, directory, &words) : status;
}
