/* SPDX-License-Identifier: MIT
 *
 * The visit. Each part has a connection of its own.
 */
#include "visit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "wire/viewer.h"

enum { MESSAGES_MAX = 400 };

struct place {
  unsigned port;
  bool tls;
  char token[600];
};

static bool ask(struct line *line, const struct place *place, const char *method, const char *path, const char *rest) {
  char text[4096];
  const int size = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n%s",
                            method, path, place->port, place->token, rest);
  return size < (int)sizeof text && line_write(line, text, (size_t)size);
}

/** Reads an answer's head byte by byte, so that what follows stays unread. */
static bool read_head(struct line *line, char *head, size_t size) {
  for (size_t at = 0; at + 1 < size && line_read(line, head + at, 1);) {
    head[++at] = '\0';
    if (at >= 4 && memcmp(head + at - 4, "\r\n\r\n", 4) == 0)
      return true;
  }
  return false;
}

/** Reads what follows a head, as it says. False where that is nothing, or less. */
static bool read_body(struct line *line, const char *head) {
  static char waste[1 << 16];
  const char *length = strcasestr(head, "\r\nContent-Length: ");
  size_t left = length ? strtoul(length + 18, NULL, 10) : 0;
  if (left == 0)
    return false;
  while (left > 0) {
    const size_t part = left < sizeof waste ? left : sizeof waste;
    if (!line_read(line, waste, part))
      return false;
    left -= part;
  }
  return true;
}

static bool get(const struct place *place, const char *path) {
  char head[4096] = "";
  struct line line;
  const bool well = line_open(&line, place->port, place->tls) &&
                    ask(&line, place, "GET", path, "Connection: close\r\n\r\n") &&
                    read_head(&line, head, sizeof head) && strncmp(head, "HTTP/1.1 200", 12) == 0 &&
                    read_body(&line, head);
  line_close(&line);
  return well;
}

static bool say_hello(struct line *line) {
  static const uint8_t mask[4] = {1, 2, 3, 4};
  uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, 1, 0,
                       ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_TILES | ORIEL_VIEWER_CAP_OPUS};
  uint8_t frame[6 + sizeof hello] = {0x82, 0x80 | sizeof hello};
  memcpy(frame + 2, mask, sizeof mask);
  for (size_t i = 0; i < sizeof hello; i++)
    frame[6 + i] = hello[i] ^ mask[i % 4];
  return line_write(line, frame, sizeof frame);
}

/** The type of the next message, 0 for anything but a binary one, -1 at the end. */
static int read_message(struct line *line) {
  static uint8_t data[1 << 22];
  uint8_t head[2], digits[8];
  if (!line_read(line, head, sizeof head))
    return -1;
  uint64_t size = head[1] & 0x7f;
  size_t count = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (!line_read(line, digits, count))
    return -1;
  for (size_t i = 0; i < count; i++)
    size = (i ? size << 8 : 0) | digits[i];
  if (size > sizeof data || !line_read(line, data, size))
    return -1;
  return (head[0] & 0x0f) == 2 && size > 0 ? data[0] : 0;
}

static bool watch(const struct place *place) {
  static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
                                ORIEL_VIEWER_SUBPROTOCOL "\r\n\r\n";
  char head[4096] = "";
  struct line line;
  unsigned pictures = 0;
  bool well = line_open(&line, place->port, place->tls) && ask(&line, place, "GET", "/ws", upgrade) &&
              read_head(&line, head, sizeof head) && strncmp(head, "HTTP/1.1 101", 12) == 0 && say_hello(&line);
  for (int i = 0; well && i < MESSAGES_MAX && pictures == 0; i++) {
    const int type = read_message(&line);
    well = type >= 0;
    pictures += type == ORIEL_VIEWER_VIDEO || type == ORIEL_VIEWER_TILES;
  }
  line_close(&line);
  return well && pictures > 0;
}

/** A session of WHEP on one connection: made and ended by HTTP. No media flow: that would need a whole client. */
static bool negotiate(const struct place *place) {
  static const char offer[] =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 103\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:EsAw\r\n"
    "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:"
    "C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F\r\na=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:103 H264/90000\r\na=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n";
  char rest[2048], head[4096] = "", path[64] = "";
  struct line line;
  snprintf(rest, sizeof rest, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", strlen(offer), offer);
  bool well = line_open(&line, place->port, place->tls) && ask(&line, place, "POST", "/whep/view", rest) &&
              read_head(&line, head, sizeof head) && strncmp(head, "HTTP/1.1 201", 12) == 0 && read_body(&line, head);
  const char *location = well ? strcasestr(head, "\r\nLocation: ") : NULL;
  well = location && sscanf(location + 12, "%63s", path) == 1 &&
         ask(&line, place, "DELETE", path, "Connection: close\r\n\r\n") && read_head(&line, head, sizeof head) &&
         strncmp(head, "HTTP/1.1 200", 12) == 0;
  line_close(&line);
  return well;
}

const char *visit(const char *address) {
  struct place place = {0};
  const char *token = getenv("ORIEL_TOKEN"); /* given, so that the address does not show it */
  place.tls = strncmp(address, "https:", 6) == 0;
  if (token == NULL || sscanf(address + (place.tls ? 8 : 7), "127.0.0.1:%u/", &place.port) != 1)
    return "the address is not as expected";
  snprintf(place.token, sizeof place.token, "%s", token);
  if (!get(&place, "/"))
    return "the page does not load";
  if (!get(&place, "/metrics"))
    return "no metrics";
  if (!get(&place, "/snapshot.png"))
    return "no snapshot";
  if (!negotiate(&place))
    return "no session of WHEP";
  return watch(&place) ? NULL : "no pictures";
}
