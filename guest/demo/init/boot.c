/* SPDX-License-Identifier: MIT
 *
 * See boot.h. Called by init's only thread, and by the child that loads the sound modules.
 */
#include "boot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"

static void mount_one(const char *type, const char *where, unsigned long flags, const char *options) {
  mkdir(where, 0755);
  if (mount(type, where, type, flags, options) < 0 && errno != EBUSY) {
    init_log("cannot mount %s on %s: %s", type, where, strerror(errno));
  }
}

void boot_mount(void) {
  mount_one("devtmpfs", "/dev", MS_NOSUID, "mode=755");
  mount_one("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_one("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_one("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755");
  mount_one("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
  mount_one("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666");
  mount_one("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
  if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST) {
    init_log("cannot link /dev/fd: %s", strerror(errno));
  }
  if (sethostname("oriel", 5) < 0) {
    init_log("cannot set the host name: %s", strerror(errno));
  }
}

static void load_module(const char *path, const char *parameters) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    init_log("cannot open module %s: %s", path, strerror(errno));
    return;
  }
  if (syscall(SYS_finit_module, fd, parameters, 0) < 0 && errno != EEXIST) {
    init_log("cannot load module %s: %s", path, strerror(errno));
  }
  close(fd);
}

void boot_load_modules(const char *list) {
  static char text[16384];
  int length = file_read(list, text, sizeof text);
  if (length < 0) {
    init_log("cannot read %s: %s", list, strerror(-length));
    return;
  }
  char *state = NULL;
  for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
    char *parameters = strchr(line, ' ');
    if (parameters) {
      *parameters++ = '\0';
    }
    load_module(line, parameters ? parameters : "");
  }
}

static void decode(const char *coded, size_t coded_length, char *value, size_t size) {
  size_t used = 0;
  for (size_t i = 0; i < coded_length && used + 1 < size; i++) {
    if (coded[i] == '+') {
      value[used++] = ' ';
    } else if (coded[i] == '%' && i + 2 < coded_length && isxdigit((unsigned char)coded[i + 1]) &&
               isxdigit((unsigned char)coded[i + 2])) {
      char digits[3] = { coded[i + 1], coded[i + 2], '\0' };
      value[used++] = (char)strtol(digits, NULL, 16);
      i += 2;
    } else {
      value[used++] = coded[i];
    }
  }
  value[used] = '\0';
}

bool boot_option(const char *name, char *value, size_t size) {
  char text[4096];
  if (file_read("/proc/cmdline", text, sizeof text) < 0) {
    return false;
  }
  size_t name_length = strlen(name);
  char *state = NULL;
  for (char *word = strtok_r(text, " \n", &state); word; word = strtok_r(NULL, " \n", &state)) {
    if (strncmp(word, name, name_length) == 0 && word[name_length] == '=') {
      const char *coded = word + name_length + 1;
      decode(coded, strlen(coded), value, size);
      return true;
    }
  }
  return false;
}

bool boot_flag(const char *name) {
  char value[8];
  return boot_option(name, value, sizeof value) && strcmp(value, "1") == 0;
}
