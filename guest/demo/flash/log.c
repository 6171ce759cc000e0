/* SPDX-License-Identifier: MIT
 *
 * See log.h. Called by flash's only thread.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 128 };

static struct {
  int fd;
  size_t length;
  unsigned lost;
  char bytes[65536];
} log_state = { .fd = -1 };

int log_open(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0644);
  if (fd < 0) {
    return -errno;
  }
  log_state.fd = fd;
  return 0;
}

static bool append(const char *text, size_t length) {
  if (log_state.length + length > sizeof log_state.bytes) {
    return false;
  }
  memcpy(log_state.bytes + log_state.length, text, length);
  log_state.length += length;
  return true;
}

void log_line(const char *format, ...) {
  char line[LINE_MAX_BYTES];
  char note[LINE_MAX_BYTES];
  if (log_state.fd < 0) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  size_t used = length < (int)sizeof line - 2 ? (size_t)length : sizeof line - 2;
  line[used++] = '\n';
  if (log_state.lost > 0) {
    int note_length = snprintf(note, sizeof note, "lost %u\n", log_state.lost);
    if (append(note, (size_t)note_length)) {
      log_state.lost = 0;
    }
  }
  if (log_state.lost > 0 || !append(line, used)) {
    log_state.lost++;
  }
  log_flush();
}

int log_fd(void) {
  return log_state.fd;
}

bool log_pending(void) {
  return log_state.fd >= 0 && log_state.length > 0;
}

void log_flush(void) {
  ssize_t count = write(log_state.fd, log_state.bytes, log_state.length);
  if (count > 0) {
    log_state.length -= (size_t)count;
    memmove(log_state.bytes, log_state.bytes + count, log_state.length);
  } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
    close(log_state.fd); /* the reader is gone for good */
    log_state.fd = -1;
  }
}
