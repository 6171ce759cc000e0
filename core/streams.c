/* SPDX-License-Identifier: MIT
 *
 * The three standard descriptors. Main thread.
 */
#include "core/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int oriel_streams_open(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) >= 0)
      continue;
    /* The lowest free number is this one: those below it are open. */
    if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0)
      return -errno;
  }
  return 0;
}
