/* SPDX-License-Identifier: MIT
 *
 * See vdagent.h.
 */
#include "vdagent.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

enum { HEAD = 20, CHUNK_HEAD = 8, PATIENCE_MS = 20000, QUIET_MS = 200, READY = 'R', CLIENT_PORT = 1, UTF8_TEXT = 1 };

/* Bits of the one word of capabilities. */
enum { BY_DEMAND = 1 << 5, SELECTION = 1 << 6, GRAB_SERIAL = 1 << 17 };

/* Says READY on the second port until a byte comes there; then polls both UARTs, and writes to one what the other has. */
static const uint8_t code[] = {
  0xba, 0xfd, 0x02, 0xec, 0xa8, 0x20, 0x74, 0xf8, /* second port: room? else again */
  0xb0, READY, 0xba, 0xf8, 0x02, 0xee,            /* READY */
  0xb9, 0xff, 0xff, 0xe2, 0xfe,                   /* a moment */
  0xba, 0xfd, 0x02, 0xec, 0xa8, 0x01, 0x74, 0xe5, /* second port: a byte? else from the start */
  0xba, 0xf8, 0x02, 0xec,                         /* it means no more than that */
  0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0x10, /* first port: a byte? else below */
  0xba, 0xfd, 0x02, 0xec, 0xa8, 0x20, 0x74, 0xf8, /* second port: room? else again */
  0xba, 0xf8, 0x03, 0xec, 0xba, 0xf8, 0x02, 0xee, /* over */
  0xba, 0xfd, 0x02, 0xec, 0xa8, 0x01, 0x74, 0xe0, /* second port: a byte? else from the start */
  0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xf8, /* first port: room? else again */
  0xba, 0xf8, 0x02, 0xec, 0xba, 0xf8, 0x03, 0xee, /* over */
  0xeb, 0xce,                                     /* again */
};

void vdagent_sector(uint8_t sector[512]) {
  memset(sector, 0, 512);
  memcpy(sector, code, sizeof code);
  sector[510] = 0x55;
  sector[511] = 0xaa;
}

static uint32_t get32(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint8_t *put32(uint8_t *bytes, uint32_t value) {
  for (int i = 0; i < 4; i++)
    bytes[i] = (uint8_t)(value >> (8 * i));
  return bytes + 4;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

static void write_all(int fd, const uint8_t *bytes, size_t size) {
  while (size) {
    const ssize_t count = send(fd, bytes, size, MSG_NOSIGNAL);
    assert_true(count > 0 || errno == EINTR);
    bytes += count > 0 ? count : 0;
    size -= count > 0 ? (size_t)count : 0;
  }
}

/* In chunks, as agents send it: QEMU takes none of more than 2 KiB. */
static void say(const struct vdagent *agent, uint32_t type, const uint8_t *body, size_t size) {
  uint8_t *message = calloc(1, HEAD + size + 1);
  put32(message, 1); /* protocol */
  put32(message + 4, type);
  put32(message + 16, (uint32_t)size);
  memcpy(message + HEAD, body, size);
  for (size_t at = 0; at < HEAD + size; at += 1024) {
    uint8_t head[CHUNK_HEAD];
    const size_t count = HEAD + size - at < 1024 ? HEAD + size - at : 1024;
    put32(put32(head, CLIENT_PORT), (uint32_t)count);
    write_all(agent->fd, head, sizeof head);
    write_all(agent->fd, message + at, count);
  }
  free(message);
}

/* And asks for QEMU's. */
static void announce(const struct vdagent *agent) {
  uint8_t body[8];
  put32(put32(body, 1), BY_DEMAND | SELECTION | GRAB_SERIAL);
  say(agent, VDAGENT_CAPABILITIES, body, sizeof body);
}

void vdagent_grab(struct vdagent *agent, uint32_t type) {
  uint8_t body[12] = {0}; /* selection */
  put32(put32(body + 4, ++agent->serial), type);
  say(agent, VDAGENT_GRAB, body, sizeof body);
}

void vdagent_release(struct vdagent *agent) {
  say(agent, VDAGENT_RELEASE, (const uint8_t[4]){0}, 4);
}

void vdagent_ask(struct vdagent *agent) {
  uint8_t body[8] = {0};
  put32(body + 4, UTF8_TEXT);
  say(agent, VDAGENT_REQUEST, body, sizeof body);
}

void vdagent_answer(struct vdagent *agent, const void *text, size_t size) {
  uint8_t *body = calloc(1, 8 + size);
  put32(body + 4, UTF8_TEXT);
  memcpy(body + 8, text, size);
  say(agent, VDAGENT_CLIPBOARD, body, 8 + size);
  free(body);
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* Takes chunks out of the stream; true when the message is whole. */
static bool put_together(struct vdagent *agent) {
  while (agent->filled >= CHUNK_HEAD) {
    const size_t chunk = get32(agent->stream + 4);
    assert_true(chunk <= sizeof agent->stream - CHUNK_HEAD);
    if (agent->filled < CHUNK_HEAD + chunk)
      return false;
    assert_true(agent->size + chunk <= sizeof agent->message);
    memcpy(agent->message + agent->size, agent->stream + CHUNK_HEAD, chunk);
    agent->size += chunk;
    agent->filled -= CHUNK_HEAD + chunk;
    memmove(agent->stream, agent->stream + CHUNK_HEAD + chunk, agent->filled);
    if (agent->size >= HEAD && agent->size == HEAD + get32(agent->message + 16))
      return true;
  }
  return false;
}

static bool read_message(struct vdagent *agent, uint64_t until_ns) {
  agent->size = 0;
  while (!put_together(agent)) {
    const uint64_t now_ns = oriel_clock_ns();
    struct pollfd poll_for = {.fd = agent->fd, .events = POLLIN};
    if (now_ns >= until_ns || poll(&poll_for, 1, (int)((until_ns - now_ns) / ORIEL_NS_PER_MS) + 1) <= 0)
      return false;
    const ssize_t count = read(agent->fd, agent->stream + agent->filled, sizeof agent->stream - agent->filled);
    if (count <= 0)
      return false;
    agent->filled += (size_t)count;
  }
  return true;
}

static bool wait_until(struct vdagent *agent, uint32_t type, uint64_t until_ns) {
  while (read_message(agent, until_ns)) {
    const uint32_t came = get32(agent->message + 4);
    if (came == VDAGENT_GRAB)
      agent->serial = get32(agent->message + HEAD + 4);
    if (came == type)
      return true;
  }
  return false;
}

const uint8_t *vdagent_wait(struct vdagent *agent, uint32_t type, size_t *size) {
  if (!wait_until(agent, type, oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS))
    return NULL;
  const size_t selection = type == VDAGENT_CAPABILITIES ? 0 : 4;
  *size = agent->size - HEAD - selection;
  return agent->message + HEAD + selection;
}

bool vdagent_silent(struct vdagent *agent, uint32_t type, int limit_ms) {
  return !wait_until(agent, type, oriel_clock_ns() + (unsigned)limit_ms * ORIEL_NS_PER_MS);
}

/* Whatever came before belongs to nobody. */
static void drain(const struct vdagent *agent, int quiet_ms) {
  uint8_t bytes[4096];
  struct pollfd poll_for = {.fd = agent->fd, .events = POLLIN};
  while (poll(&poll_for, 1, quiet_ms) > 0)
    assert_true(read(agent->fd, bytes, sizeof bytes) > 0);
}

void vdagent_open(struct vdagent *agent, const char *path) {
  const uint64_t until_ns = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  *agent = (struct vdagent){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  assert_true(agent->fd >= 0);
  while (connect(agent->fd, (const struct sockaddr *)&address, sizeof address) < 0) {
    assert_true(oriel_clock_ns() < until_ns);
    poll(NULL, 0, 20);
  }
  struct pollfd poll_for = {.fd = agent->fd, .events = POLLIN};
  assert_int_equal(poll(&poll_for, 1, PATIENCE_MS), 1);
  write_all(agent->fd, (const uint8_t[]){READY}, 1);
}

void vdagent_close(struct vdagent *agent) {
  close(agent->fd);
}

bool vdagent_start(struct vdagent *agent) {
  size_t size;
  drain(agent, QUIET_MS);
  agent->filled = agent->size = 0;
  agent->serial = 0;
  announce(agent);
  return vdagent_wait(agent, VDAGENT_CAPABILITIES, &size);
}
