/* SPDX-License-Identifier: MIT */
#include "core/kernel_text.h"

#include <fcntl.h>
#include <unistd.h>

bool oriel_kernel_text_read(const char *path, char *text, size_t size) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t count = fd < 0 ? 0 : read(fd, text, size - 1);
  if (fd >= 0)
    close(fd);
  text[count > 0 ? count : 0] = '\0';
  return count > 0;
}
