/* SPDX-License-Identifier: MIT
 *
 * See sway.h. Called by init's only thread.
 */
#include "sway.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  SWAY_RUN_COMMAND = 0,
  SWAY_SUBSCRIBE = 2,
  SWAY_HEADER_SIZE = 14, /* "i3-ipc", length, type */
  SWAY_WAIT_MS = 1000,   /* a compositor that takes longer to take or finish a message counts as gone */
};
#define SWAY_WINDOW_EVENT 0x80000003u

static int send_message(int fd, uint32_t type, const char *payload) {
  char message[2048] = "i3-ipc";
  uint32_t length = (uint32_t)strlen(payload);
  if (SWAY_HEADER_SIZE + length > sizeof message) {
    return -EMSGSIZE;
  }
  memcpy(message + 6, &length, sizeof length);
  memcpy(message + 10, &type, sizeof type);
  memcpy(message + SWAY_HEADER_SIZE, payload, length);
  ssize_t count = send(fd, message, SWAY_HEADER_SIZE + length, MSG_NOSIGNAL);
  return count == (ssize_t)(SWAY_HEADER_SIZE + length) ? 0 : count < 0 ? -errno : -EIO;
}

static int receive(int fd, char *bytes, size_t size) {
  size_t length = 0;
  while (length < size) {
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    if (poll(&ready, 1, SWAY_WAIT_MS) <= 0) {
      return -ETIMEDOUT;
    }
    ssize_t count = recv(fd, bytes + length, size - length, 0);
    if (count <= 0) {
      return count < 0 ? -errno : -ECONNRESET;
    }
    length += (size_t)count;
  }
  return 0;
}

int sway_connect(void) {
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SWAY_SOCKET };
  struct timeval limit = { .tv_sec = SWAY_WAIT_MS / 1000 };
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  int error = connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
  if (!error) {
    error = send_message(fd, SWAY_SUBSCRIBE, "[\"window\"]");
  }
  if (error) {
    close(fd);
    return error;
  }
  return fd;
}

int sway_command(int fd, const char *command) {
  return send_message(fd, SWAY_RUN_COMMAND, command);
}

int sway_read(int fd, bool *window_opened) {
  char header[SWAY_HEADER_SIZE];
  char chunk[1024];
  int error = receive(fd, header, sizeof header);
  if (error) {
    return error;
  }
  uint32_t length;
  uint32_t type;
  memcpy(&length, header + 6, sizeof length);
  memcpy(&type, header + 10, sizeof type);
  bool first = true;
  bool opened = false;
  while (length > 0) {
    size_t part = length < sizeof chunk - 1 ? length : sizeof chunk - 1;
    error = receive(fd, chunk, part);
    if (error) {
      return error;
    }
    chunk[part] = '\0';
    if (first && type == SWAY_WINDOW_EVENT) {
      opened = strstr(chunk, "\"change\": \"new\"") != NULL; /* sway writes the change before the container */
    }
    first = false;
    length -= (uint32_t)part;
  }
  *window_opened = opened;
  return 0;
}
