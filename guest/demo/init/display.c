/* SPDX-License-Identifier: MIT
 *
 * See display.h. Called by init's only thread.
 */
#include "display.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "sway.h"

enum { DISPLAY_HEADS = 16 };

/* What each connector ("Virtual-1") was last asked to show. */
static struct {
  char connector[32];
  int width;
  int height;
} heads[DISPLAY_HEADS];

void display_forget(void) {
  memset(heads, 0, sizeof heads);
}

/* True if the size is news for this connector; remembers it. */
static int head_changed(const char *connector, int width, int height) {
  for (int i = 0; i < DISPLAY_HEADS; i++) {
    if (heads[i].connector[0] == '\0') {
      snprintf(heads[i].connector, sizeof heads[i].connector, "%s", connector);
    } else if (strcmp(heads[i].connector, connector) != 0) {
      continue;
    }
    int changed = heads[i].width != width || heads[i].height != height;
    heads[i].width = width;
    heads[i].height = height;
    return changed;
  }
  return 0;
}

static int set_size(int sway_fd, const char *connector, int width, int height) {
  char command[128];
  snprintf(command, sizeof command, "output %s mode --custom %dx%d", connector, width, height);
  return sway_command(sway_fd, command);
}

static int follow_connector(int sway_fd, const char *directory) {
  char path[300];
  char mode[64];
  int width;
  int height;
  const char *connector = strchr(directory, '-') + 1;
  /* Writing makes the kernel read the display data; the compositor only does so for connectors that come and go. */
  snprintf(path, sizeof path, "/sys/class/drm/%s/status", directory);
  file_write(path, "detect");
  snprintf(path, sizeof path, "/sys/class/drm/%s/modes", directory);
  if (file_read_line(path, mode, sizeof mode) <= 0 || sscanf(mode, "%dx%d", &width, &height) != 2) {
    return 0;
  }
  return head_changed(connector, width, height) ? set_size(sway_fd, connector, width, height) : 0;
}

int display_follow(int sway_fd) {
  int error = 0;
  DIR *directory = opendir("/sys/class/drm");
  if (!directory) {
    return 0;
  }
  for (struct dirent *entry = readdir(directory); entry && !error; entry = readdir(directory)) {
    if (strncmp(entry->d_name, "card", 4) == 0 && strchr(entry->d_name, '-')) {
      error = follow_connector(sway_fd, entry->d_name);
    }
  }
  closedir(directory);
  return error;
}
