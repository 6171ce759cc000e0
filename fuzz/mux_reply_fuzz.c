/* SPDX-License-Identifier: MIT
 *
 * What a VMM may answer to CONNECT, met by the dialer itself over a socket: connected only behind a whole "OK M\n", and
 * not a byte of the stream behind it is lost.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "transport/dialer.h"
#include "transport/mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pieces of seven bytes cost the kernel hundreds each: this many fit a socket's buffer. */
enum { INPUT_MAX = 1024 };

static struct oriel_transport_address address = {.scheme = ORIEL_TRANSPORT_MUX, .port = 5000};
static int server = -1;

static void stop(void) {
  unlink(address.path);
}

static void start(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  snprintf(name.sun_path, sizeof name.sun_path, "/tmp/oriel-fuzz-mux-%ld", (long)getpid());
  snprintf(address.path, sizeof address.path, "%s", name.sun_path);
  unlink(name.sun_path);
  server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (server < 0 || bind(server, (struct sockaddr *)&name, sizeof name) < 0 || listen(server, 4) < 0)
    abort();
  atexit(stop);
}

/* Whether the bytes begin with an answer that must be taken; *end is then behind it. */
static int is_ok(const uint8_t *data, size_t size, size_t *end) {
  const uint8_t *newline = size ? memchr(data, '\n', size < ORIEL_MUX_LINE_MAX ? size : ORIEL_MUX_LINE_MAX) : NULL;
  char line[ORIEL_MUX_LINE_MAX];
  uint32_t port;
  if (!newline)
    return 0;
  *end = (size_t)(newline - data) + 1;
  memcpy(line, data, *end - 1);
  line[*end - 1] = '\0';
  return strlen(line) == *end - 1 && oriel_mux_parse_ok(line, &port) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_dialer *dialer;
  size_t end = 0, have = 0;
  ssize_t got;
  uint8_t rest[256];
  if (size > INPUT_MAX)
    return 0;
  if (server < 0)
    start();
  if (oriel_dialer_create(&address, &dialer) < 0)
    abort();
  if (oriel_dialer_step(dialer, 0, 1) != ORIEL_STREAM_CONNECTING)
    abort();
  const int vmm = accept(server, NULL, NULL);
  if (vmm < 0)
    abort();
  for (size_t at = 0; at < size; at += 7) {
    const size_t part = size - at < 7 ? size - at : 7;
    (void)!send(vmm, data + at, part, MSG_NOSIGNAL); /* fails once the dialer has hung up */
    if (oriel_dialer_state(dialer) == ORIEL_STREAM_CONNECTING)
      oriel_dialer_step(dialer, POLLIN, 1);
  }
  const int is_connected = oriel_dialer_state(dialer) == ORIEL_STREAM_CONNECTED;
  if (is_connected != is_ok(data, size, &end))
    abort();
  while (is_connected && (got = oriel_dialer_receive(dialer, rest, sizeof rest, 1)) > 0) {
    if (memcmp(rest, data + end + have, (size_t)got))
      abort();
    have += (size_t)got;
  }
  if (is_connected && end + have != size)
    abort();
  close(vmm);
  oriel_dialer_destroy(dialer);
  return 0;
}
