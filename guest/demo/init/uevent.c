/* SPDX-License-Identifier: MIT
 *
 * See uevent.h. Called by init's only thread.
 */
#include "uevent.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"

int uevent_open(void) {
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close(fd);
    fd = -1;
  }
  return fd;
}

/* The value of `name=` in a uevent: strings one after the other, each with its NUL. */
static const char *uevent_value(const char *event, size_t length, const char *name) {
  size_t name_length = strlen(name);
  for (const char *text = event; text < event + length; text += strlen(text) + 1) {
    if (strncmp(text, name, name_length) == 0 && text[name_length] == '=') {
      return text + name_length + 1;
    }
  }
  return "";
}

bool uevent_read(int fd) {
  char event[4096];
  bool display_changed = false;
  ssize_t length;
  while ((length = recv(fd, event, sizeof event - 1, 0)) > 0) {
    event[length] = '\0';
    const char *subsystem = uevent_value(event, (size_t)length, "SUBSYSTEM");
    const char *name = uevent_value(event, (size_t)length, "DEVNAME");
    if (strcmp(subsystem, "drm") == 0 && strcmp(uevent_value(event, (size_t)length, "HOTPLUG"), "1") == 0) {
      display_changed = true;
    } else if (strcmp(subsystem, "input") == 0 && strncmp(name, "input/event", 11) == 0) {
      device_describe_input(name + 6);
    } else if (strcmp(subsystem, "sound") == 0) {
      device_allow_user();
    }
  }
  return display_changed;
}
