/* SPDX-License-Identifier: MIT
 *
 * serial://: virtio-serial ports and terminals. Any thread; no state.
 */
#include "transport/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "transport/fd.h"

/* A terminal that neither echoes nor changes bytes; what lay in it is from before us. */
static int make_raw(int fd) {
  struct termios mode;
  if (tcgetattr(fd, &mode) < 0)
    return -errno;
  cfmakeraw(&mode);
  mode.c_cflag |= CLOCAL | CREAD;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  if (tcsetattr(fd, TCSANOW, &mode) < 0)
    return -errno;
  (void)tcflush(fd, TCIOFLUSH);
  return 0;
}

static int open_device(const struct oriel_transport_address *address) {
  struct stat status;
  int error;
  /* Looked at first: to open a FIFO or a device of another kind can already do something. */
  if (stat(address->path, &status) < 0)
    return -errno;
  if (!S_ISCHR(status.st_mode))
    return -ENOTTY;
  int fd = open(address->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  error = fstat(fd, &status) < 0 ? -errno : S_ISCHR(status.st_mode) ? 0 : -ENOTTY;
  if (!error && isatty(fd))
    error = make_raw(fd);
  /* A virtio-serial port opens even when nobody holds the host's end; then it hangs up, reads nothing and takes
   * nothing. */
  if (!error && oriel_fd_ready(fd, POLLIN) & (POLLHUP | POLLERR | POLLNVAL))
    error = -EHOSTDOWN;
  if (error < 0) {
    oriel_fd_close(&fd);
    return error;
  }
  return fd;
}

const struct oriel_transport_impl oriel_transport_serial = {
    .open = open_device,
};
