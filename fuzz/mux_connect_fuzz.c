/* SPDX-License-Identifier: MIT
 *
 * What a program may say to a VMM's socket: only "CONNECT N\n" of at most 32 bytes is a request, and reading it takes
 * nothing of what follows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_mux_line line = {.have = 0};
  char text[ORIEL_MUX_LINE_MAX];
  uint8_t next;
  int ends[2];
  uint32_t port, again;
  if (size > 4096)
    return 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
    abort();
  if (size && write(ends[1], data, size) != (ssize_t)size)
    abort();
  const int result = oriel_mux_line_read(&line, ends[0]);
  if (result == 1) {
    const size_t length = strlen(line.text);
    if (length >= ORIEL_MUX_LINE_MAX || length >= size || memcmp(line.text, data, length) || data[length] != '\n')
      abort();
    if (length + 1 < size && (read(ends[0], &next, 1) != 1 || next != data[length + 1]))
      abort();
    if (oriel_mux_parse_connect(line.text, &port) == 0) {
      const size_t written = oriel_mux_write_connect(port, text);
      text[written - 1] = '\0';
      if (oriel_mux_parse_connect(text, &again) || again != port || oriel_mux_parse_ok(text, &again) == 0)
        abort();
    }
  } else if (result != -EAGAIN && result != -EBADMSG) {
    abort();
  } else if (result == -EAGAIN && size >= ORIEL_MUX_LINE_MAX) {
    abort();
  }
  close(ends[0]);
  close(ends[1]);
  return 0;
}
