/* SPDX-License-Identifier: MIT
 *
 * mux://: the two lines, and the names of the sockets. Any thread; no state.
 */
#include "transport/mux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transport/stream.h"
#include "transport/unix.h"

int oriel_mux_line_push(struct oriel_mux_line *line, char byte) {
  if (line->have >= ORIEL_MUX_LINE_MAX - 1 && byte != '\n')
    return -EBADMSG;
  if (line->have >= ORIEL_MUX_LINE_MAX)
    return -EBADMSG;
  if (byte == '\n') {
    line->text[line->have] = '\0';
    return 1;
  }
  if (byte < ' ' || byte > '~')
    return -EBADMSG;
  line->text[line->have++] = byte;
  return 0;
}

int oriel_mux_line_read(struct oriel_mux_line *line, int fd) {
  for (;;) {
    char byte;
    const ssize_t got = oriel_stream_receive(fd, &byte, 1);
    if (got < 0)
      return (int)got;
    const int error = oriel_mux_line_push(line, byte);
    if (error)
      return error;
  }
}

static int parse(const char *line, const char *word, uint32_t *port) {
  uint64_t value = 0;
  const size_t size = strlen(word);
  if (strncmp(line, word, size))
    return -EBADMSG;
  const char *digits = line + size;
  const size_t count = strspn(digits, "0123456789");
  if (count < 1 || count > 10 || digits[count])
    return -EBADMSG;
  for (size_t i = 0; i < count; i++)
    value = value * 10 + (uint64_t)(digits[i] - '0');
  if (value > UINT32_MAX)
    return -EBADMSG;
  *port = (uint32_t)value;
  return 0;
}

int oriel_mux_parse_ok(const char *line, uint32_t *port) {
  return parse(line, "OK ", port);
}

int oriel_mux_parse_connect(const char *line, uint32_t *port) {
  return parse(line, "CONNECT ", port);
}

size_t oriel_mux_write_connect(uint32_t port, char text[ORIEL_MUX_LINE_MAX]) {
  return (size_t)snprintf(text, ORIEL_MUX_LINE_MAX, "CONNECT %u\n", port);
}

size_t oriel_mux_write_ok(uint32_t port, char text[ORIEL_MUX_LINE_MAX]) {
  return (size_t)snprintf(text, ORIEL_MUX_LINE_MAX, "OK %u\n", port);
}

static int locate(const struct oriel_transport_address *address, bool is_listener, struct oriel_endpoints *endpoints) {
  char path[sizeof address->path + 12];
  if (!address->port)
    return -EINVAL;
  endpoints->count = 1;
  if (!is_listener)
    return oriel_unix_name(address->path, &endpoints->list[0]);
  snprintf(path, sizeof path, "%s_%u", address->path, address->port);
  return oriel_unix_name(path, &endpoints->list[0]);
}

const struct oriel_transport_impl oriel_transport_mux = {
    .type = SOCK_STREAM,
    .has_handshake = true,
    .locate = locate,
    .tune = oriel_unix_tune,
    .bind = oriel_unix_bind,
};
