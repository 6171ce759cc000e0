/* SPDX-License-Identifier: MIT
 *
 * The visit. Plain blocking sockets with a limit on every read.
 */
#include "visit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "wire/viewer.h"

enum { LIMIT_S = 3, MESSAGES_MAX = 400 };

struct place {
  unsigned port;
  char token[600];
};

static int dial(const struct place *place) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)place->port)};
  const struct timeval limit = {.tv_sec = LIMIT_S};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  close(fd);
  return -1;
}

static bool read_all(int fd, void *data, size_t size) {
  for (uint8_t *next = data; size > 0;) {
    ssize_t count = recv(fd, next, size, 0);
    if (count <= 0)
      return false;
    next += count;
    size -= (size_t)count;
  }
  return true;
}

static bool ask(int fd, const struct place *place, const char *path, const char *headers) {
  char text[2048];
  int size = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n%s\r\n",
                      path, place->port, place->token, headers);
  return send(fd, text, (size_t)size, MSG_NOSIGNAL) == size;
}

/** Reads an answer's head byte by byte, so that what follows stays unread. */
static bool read_head(int fd, char *head, size_t size) {
  for (size_t at = 0; at + 1 < size && read_all(fd, head + at, 1);) {
    head[++at] = '\0';
    if (at >= 4 && memcmp(head + at - 4, "\r\n\r\n", 4) == 0)
      return true;
  }
  return false;
}

static bool get(const struct place *place, const char *path) {
  static char waste[1 << 16];
  char head[4096] = "";
  size_t left = 0;
  int fd = dial(place);
  bool well = fd >= 0 && ask(fd, place, path, "Connection: close\r\n") && read_head(fd, head, sizeof head) &&
              strncmp(head, "HTTP/1.1 200", 12) == 0;
  const char *length = strcasestr(head, "\r\nContent-Length: ");
  if (length)
    left = strtoul(length + 18, NULL, 10);
  well = well && left > 0;
  for (ssize_t count; well && left > 0; left -= (size_t)count) {
    count = recv(fd, waste, left < sizeof waste ? left : sizeof waste, 0);
    if (count <= 0)
      well = false, count = 0;
  }
  if (fd >= 0)
    close(fd);
  return well;
}

static bool say_hello(int fd) {
  static const uint8_t mask[4] = {1, 2, 3, 4};
  uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, 1, 0,
                       ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_TILES | ORIEL_VIEWER_CAP_OPUS};
  uint8_t frame[6 + sizeof hello] = {0x82, 0x80 | sizeof hello};
  memcpy(frame + 2, mask, sizeof mask);
  for (size_t i = 0; i < sizeof hello; i++)
    frame[6 + i] = hello[i] ^ mask[i % 4];
  return send(fd, frame, sizeof frame, MSG_NOSIGNAL) == (ssize_t)sizeof frame;
}

/** The type of the next message, 0 for anything but a binary one, -1 at the end. */
static int read_message(int fd) {
  static uint8_t data[1 << 22];
  uint8_t head[2], digits[8];
  if (!read_all(fd, head, sizeof head))
    return -1;
  uint64_t size = head[1] & 0x7f;
  size_t count = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (!read_all(fd, digits, count))
    return -1;
  for (size_t i = 0; i < count; i++)
    size = (i ? size << 8 : 0) | digits[i];
  if (size > sizeof data || !read_all(fd, data, size))
    return -1;
  return (head[0] & 0x0f) == 2 && size > 0 ? data[0] : 0;
}

static bool watch(const struct place *place) {
  static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
                                ORIEL_VIEWER_SUBPROTOCOL "\r\n";
  char head[4096] = "";
  int fd = dial(place), pictures = 0;
  bool well = fd >= 0 && ask(fd, place, "/ws", upgrade) && read_head(fd, head, sizeof head) &&
              strncmp(head, "HTTP/1.1 101", 12) == 0 && say_hello(fd);
  for (int i = 0; well && i < MESSAGES_MAX && pictures == 0; i++) {
    int type = read_message(fd);
    well = type >= 0;
    pictures += type == ORIEL_VIEWER_VIDEO || type == ORIEL_VIEWER_TILES;
  }
  if (fd >= 0)
    close(fd);
  return well && pictures > 0;
}

const char *visit(const char *address) {
  struct place place = {0};
  const char *token = getenv("ORIEL_TOKEN"); /* given, so that the address does not show it */
  if (token == NULL || sscanf(address, "http://127.0.0.1:%u/", &place.port) != 1)
    return "the address is not as expected";
  snprintf(place.token, sizeof place.token, "%s", token);
  if (!get(&place, "/"))
    return "the page does not load";
  if (!get(&place, "/metrics"))
    return "no metrics";
  if (!get(&place, "/snapshot.png"))
    return "no snapshot";
  return watch(&place) ? NULL : "no pictures";
}
