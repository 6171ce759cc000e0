/* SPDX-License-Identifier: MIT
 *
 * The connection. One context of TLS serves the whole process, which has one thread.
 */
#include "line.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LIMIT_S = 3 };

static int dial(unsigned port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  const struct timeval limit = {.tv_sec = LIMIT_S};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  close(fd);
  return -1;
}

static bool begin_tls(struct line *line) {
  static SSL_CTX *context;
  if (!context)
    context = SSL_CTX_new(TLS_client_method());
  line->ssl = context ? SSL_new(context) : NULL;
  return line->ssl && SSL_set_fd(line->ssl, line->fd) == 1 && SSL_connect(line->ssl) == 1;
}

bool line_open(struct line *line, unsigned port, bool tls) {
  *line = (struct line){.fd = dial(port)};
  return line->fd >= 0 && (!tls || begin_tls(line));
}

bool line_write(struct line *line, const void *data, size_t size) {
  if (line->ssl)
    return SSL_write(line->ssl, data, (int)size) == (int)size;
  return send(line->fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

bool line_read(struct line *line, void *data, size_t size) {
  for (char *next = data; size > 0;) {
    const ssize_t count = line->ssl ? SSL_read(line->ssl, next, (int)size) : recv(line->fd, next, size, 0);
    if (count <= 0)
      return false;
    next += count;
    size -= (size_t)count;
  }
  return true;
}

void line_close(struct line *line) {
  SSL_free(line->ssl);
  if (line->fd >= 0)
    close(line->fd);
  *line = (struct line){.fd = -1};
}
