/* SPDX-License-Identifier: MIT
 *
 * What the other side says while we log in on a listener's connection: two lines, and not a byte of what follows.
 */
#include "source/qemu/login.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Where the second line ends; NULL = nowhere. */
static const uint8_t *second_end(const uint8_t *data, size_t size) {
  const uint8_t *first = memmem(data, size, "\r\n", 2);
  const uint8_t *second = first ? memmem(first + 2, size - (size_t)(first + 2 - data), "\r\n", 2) : NULL;
  return second ? second + 2 : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int pair[2];
  if (size > 4096 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    return 0;
  if (size && send(pair[1], data, size, MSG_DONTWAIT) != (ssize_t)size)
    abort();
  (void)shutdown(pair[1], SHUT_WR);
  const char *why = oriel_qemu_login(pair[0]);
  if (!why) {
    const uint8_t *end = second_end(data, size);
    uint8_t rest[4096];
    const ssize_t count = recv(pair[0], rest, sizeof rest, MSG_DONTWAIT);
    if (!end || memcmp(data, "OK ", 3) != 0 || count != (ssize_t)(size - (size_t)(end - data)) ||
        (count && memcmp(rest, end, (size_t)count) != 0))
      abort();
  }
  close(pair[0]);
  close(pair[1]);
  return 0;
}
