/* SPDX-License-Identifier: MIT
 *
 * See file.h. Called by init's only thread.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int file_read(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return -errno;
  }
  size_t length = 0;
  while (length < size - 1) {
    ssize_t count = read(fd, text + length, size - 1 - length);
    if (count <= 0) {
      break;
    }
    length += (size_t)count;
  }
  close(fd);
  text[length] = '\0';
  return (int)length;
}

int file_read_line(const char *path, char *text, size_t size) {
  int length = file_read(path, text, size);
  if (length < 0) {
    return length;
  }
  text[strcspn(text, "\n")] = '\0';
  return (int)strlen(text);
}

int file_write(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return -errno;
  }
  size_t length = strlen(text);
  ssize_t count = write(fd, text, length);
  int error = count == (ssize_t)length ? 0 : count < 0 ? -errno : -EIO;
  close(fd);
  return error;
}

void init_log(const char *format, ...) {
  char text[512];
  int used = snprintf(text, sizeof text, "oriel-init: ");
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
  va_end(arguments);
  int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    if (write(fd, text, strlen(text)) < 0) {
      /* Nobody left to tell. */
    }
    close(fd);
  }
}
