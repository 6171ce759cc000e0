/* SPDX-License-Identifier: MIT
 *
 * See display.h. Called by init's only thread.
 */
#include "display.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "sway.h"

enum {
  DISPLAY_HEADS = 16,
  SMALL_WIDTH = 900, /* below these, a terminal fills the screen */
  SMALL_HEIGHT = 560,
};

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
static bool head_changed(const char *connector, int width, int height) {
  for (int i = 0; i < DISPLAY_HEADS; i++) {
    if (heads[i].connector[0] == '\0') {
      snprintf(heads[i].connector, sizeof heads[i].connector, "%s", connector);
    } else if (strcmp(heads[i].connector, connector) != 0) {
      continue;
    }
    bool changed = heads[i].width != width || heads[i].height != height;
    heads[i].width = width;
    heads[i].height = height;
    return changed;
  }
  return false;
}

/* The first terminal keeps its share of the screen; others stay as the user left them. */
static int set_size(int sway_fd, const char *connector, int width, int height) {
  char command[256];
  int share_x = width < SMALL_WIDTH ? 96 : 66;
  int share_y = height < SMALL_HEIGHT ? 92 : 74;
  snprintf(command, sizeof command,
           "output %s mode --custom %dx%d; [app_id=\"^welcome$\"] resize set %d ppt %d ppt, move position center",
           connector, width, height, share_x, share_y);
  return sway_command(sway_fd, command);
}

/* The first detailed timing of a connector's EDID: the exact size that the host wants, also where the kernel finds it
 * too small to be a monitor. Sizes from 4096 on do not fit in there. */
static bool edid_size(const char *directory, int *width, int *height) {
  enum { TIMING = 54, EDID_SIZE = 128 };
  char path[300];
  char text[EDID_SIZE + 1];
  snprintf(path, sizeof path, "/sys/class/drm/%s/edid", directory);
  if (file_read(path, text, sizeof text) < EDID_SIZE) {
    return false;
  }
  const unsigned char *timing = (const unsigned char *)text + TIMING;
  if (timing[0] == 0 && timing[1] == 0) { /* no pixel clock: another kind of descriptor */
    return false;
  }
  *width = timing[2] | (timing[4] & 0xF0) << 4;
  *height = timing[5] | (timing[7] & 0xF0) << 4;
  return *width > 0 && *height > 0;
}

/* The first of the modes that the kernel lists is the preferred one. */
static bool kernel_size(const char *directory, int *width, int *height) {
  char path[300];
  char mode[64];
  snprintf(path, sizeof path, "/sys/class/drm/%s/modes", directory);
  return file_read_line(path, mode, sizeof mode) > 0 && sscanf(mode, "%dx%d", width, height) == 2;
}

static int follow_connector(int sway_fd, const char *directory) {
  char path[300];
  int width;
  int height;
  const char *connector = strchr(directory, '-') + 1;
  /* Writing makes the kernel read the display's data again. */
  snprintf(path, sizeof path, "/sys/class/drm/%s/status", directory);
  file_write(path, "detect");
  if (!edid_size(directory, &width, &height) && !kernel_size(directory, &width, &height)) {
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
