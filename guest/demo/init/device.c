/* SPDX-License-Identifier: MIT
 *
 * See device.h. Called by init's only thread.
 */
#include "device.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* Bit `bit` of a capability file of sysfs: words of 64 bits in hexadecimal, most significant word first. */
static bool capability_has(const char *name, const char *kind, unsigned bit) {
  char path[160];
  char text[512];
  snprintf(path, sizeof path, "/sys/class/input/%s/device/capabilities/%s", name, kind);
  if (file_read_line(path, text, sizeof text) < 0) {
    return false;
  }
  for (unsigned word = 0; word < bit / 64; word++) {
    char *space = strrchr(text, ' ');
    if (!space) {
      return false;
    }
    *space = '\0';
  }
  const char *last = strrchr(text, ' ');
  uint64_t value = strtoull(last ? last + 1 : text, NULL, 16);
  return (value >> (bit % 64)) & 1;
}

static const char *input_kind(const char *name) {
  if (capability_has(name, "abs", ABS_MT_POSITION_X)) {
    return "E:ID_INPUT_TOUCHSCREEN=1\n";
  }
  if (capability_has(name, "key", BTN_LEFT)) {
    return "E:ID_INPUT_MOUSE=1\n";
  }
  if (capability_has(name, "key", KEY_A)) {
    return "E:ID_INPUT_KEY=1\nE:ID_INPUT_KEYBOARD=1\n";
  }
  return NULL;
}

static void describe(const char *device_number, const char *properties) {
  char path[64];
  char text[256];
  snprintf(path, sizeof path, "/run/udev/data/c%s", device_number);
  snprintf(text, sizeof text, "I:1\n%sE:ID_SEAT=seat0\nG:seat\nG:master-of-seat\nQ:seat\nQ:master-of-seat\nV:1\n",
           properties);
  file_write(path, text);
}

static bool is_power_button(const char *name) {
  char path[160];
  char text[64];
  snprintf(path, sizeof path, "/sys/class/input/%s/device/name", name);
  return file_read_line(path, text, sizeof text) > 0 && strcmp(text, "Power Button") == 0;
}

bool device_describe_input(const char *name) {
  char path[160];
  char number[32];
  char properties[128];
  const char *kind = is_power_button(name) ? NULL : input_kind(name);
  snprintf(path, sizeof path, "/sys/class/input/%s/dev", name);
  if (!kind || file_read_line(path, number, sizeof number) <= 0) {
    return false;
  }
  snprintf(properties, sizeof properties, "E:ID_INPUT=1\n%s", kind);
  describe(number, properties);
  return true;
}

static void describe_cards(void) {
  char path[300];
  char number[32];
  DIR *directory = opendir("/sys/class/drm");
  if (!directory) {
    return;
  }
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    snprintf(path, sizeof path, "/sys/class/drm/%s/dev", entry->d_name);
    if (entry->d_name[0] != '.' && file_read_line(path, number, sizeof number) > 0) {
      describe(number, "");
    }
  }
  closedir(directory);
}

int device_describe_all(void) {
  int count = 0;
  mkdir("/run/udev", 0755);
  mkdir("/run/udev/data", 0755);
  describe_cards();
  DIR *directory = opendir("/sys/class/input");
  if (!directory) {
    return 0;
  }
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    if (strncmp(entry->d_name, "event", 5) == 0) {
      count += device_describe_input(entry->d_name);
    }
  }
  closedir(directory);
  return count;
}

void device_allow_user(void) {
  char path[300];
  chmod("/dev/ttyS0", 0666);
  DIR *directory = opendir("/dev/snd");
  if (!directory) {
    return;
  }
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    snprintf(path, sizeof path, "/dev/snd/%s", entry->d_name);
    struct stat status;
    if (stat(path, &status) == 0 && S_ISCHR(status.st_mode)) {
      chmod(path, 0666);
    }
  }
  closedir(directory);
}

int device_open_power_button(void) {
  char path[300];
  int fd = -1;
  DIR *directory = opendir("/sys/class/input");
  if (!directory) {
    return -1;
  }
  for (struct dirent *entry = readdir(directory); entry && fd < 0; entry = readdir(directory)) {
    if (strncmp(entry->d_name, "event", 5) == 0 && is_power_button(entry->d_name)) {
      snprintf(path, sizeof path, "/dev/input/%s", entry->d_name);
      fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
  }
  closedir(directory);
  return fd;
}
