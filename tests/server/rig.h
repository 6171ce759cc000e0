/* SPDX-License-Identifier: MIT
 *
 * A real server on a loop in a thread, a real desktop behind it, and clients on real sockets for tests. The test itself
 * runs in the main thread and waits for events on its sockets, each with a bound.
 */
#ifndef ORIEL_TESTS_SERVER_RIG_H
#define ORIEL_TESTS_SERVER_RIG_H

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "server/server.h"

#define RIG_TOKEN "correct-horse"
#define RIG_VIEW_TOKEN "looking-horse"
#define RIG_ADMIN_TOKEN "keeping-horse"
#define RIG_DESKTOP "desktop"
enum {
  RIG_MORE_MAX = 4,
  RIG_LARGE = 16 << 20,   /* size of /js/large.js */
  RIG_MEDIUM = 56 * 1024, /* of /js/medium.js: what a relay and its pair hold, but not the kernel's queue to a client */
};

struct rig {
  struct oriel_server_config config; /* set before start; zero fields get defaults */
  const char *address;               /* of the source; NULL = no desktop */
  unsigned bitrate_kbps;             /* 0 = by size */
  const char *sound;                 /* address where sound from inside the guest is taken; NULL = none */
  uv_loop_t loop;
  uv_thread_t thread;
  uv_async_t call;
  sem_t called;
  /* Handed over with what it is called for: libuv wakes by more than one thing. */
  void (*_Atomic function)(struct rig *rig, void *argument);
  void *argument;
  struct oriel_server *server;
  struct oriel_mount *mount; /* RIG_DESKTOP */
  struct oriel_desktop *desktop;
  struct rig_more {
    struct oriel_mount *mount; /* NULL = a free place */
    struct oriel_desktop *desktop;
  } more[RIG_MORE_MAX];      /* beside that */
  const char *below;         /* where a page and its WebSocket are: "/d/NAME"; NULL = / */
  uint16_t port;
  bool closed;
};

/** Asserts that it works. */
void rig_start(struct rig *rig);
/** Closes the server, waits until the loop has ended by itself, and asserts that nothing is left in it. */
void rig_stop(struct rig *rig);
/** The same for a group of tests whose state is a rig on the heap, which it frees. */
int rig_teardown(void **state);
/** Runs a function in the loop's thread and waits for it. */
void rig_call(struct rig *rig, void (*function)(struct rig *rig, void *argument), void *argument);
/** Mounts one more desktop; address NULL = none behind it. */
struct rig_more *rig_mount(struct rig *rig, const struct oriel_mount_config *config, const char *address);
/** Takes it away again. */
void rig_unmount(struct rig *rig, struct rig_more *more);
void rig_server_stats(struct rig *rig, struct oriel_server_stats *stats);
/** Asks every 10 ms until `holds`, for at most `limit_ms`; false when it never did. */
bool rig_until(struct rig *rig, bool (*holds)(const struct oriel_server_stats *stats), unsigned limit_ms);
/** For rig_until: every viewer has left. */
bool no_viewers(const struct oriel_server_stats *stats);
uint64_t rig_ms(void);
/** Bytes of the heap in use, in this whole process: server, desktop and test. */
size_t rig_allocated(void);
/** Resident bytes of this process; 0 under a sanitizer, whose shadow and quarantine grow by themselves. */
size_t rig_resident(void);
/** Open descriptors of this process. */
unsigned rig_descriptors(void);

/* ---- HTTP ---- */

enum { ANSWER_MAX = 256 * 1024 };
struct answer {
  int status;          /* 0 = the connection ended without an answer */
  size_t size;         /* of the body */
  const char *body;    /* in text */
  char text[ANSWER_MAX];
};

/** Connects to the server with a 10 s limit on every read. */
int dial(const struct rig *rig);
/** The same from another address of loopback (host order), with a receive buffer of that many bytes (0 = usual). */
int dial_from(const struct rig *rig, uint32_t host, int receive_buffer);
void send_text(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Reads one answer (or, with a body of unknown size, up to the end of the stream). */
void read_answer(int fd, struct answer *answer);
/** One request on a connection of its own: "METHOD /path", extra header lines ending in \r\n, and a body or NULL. Host
 *  is added unless the headers have one. Returns the status. */
int ask(const struct rig *rig, struct answer *answer, const char *request, const char *headers, const char *body);
struct oriel_route;
/** The request for a row of the route table, spelled in one of the ways that lead to it: 0 = from / on, 1 = behind
 *  /d/NAME, 2 = behind /api/v1/desktops/NAME. False where the row has no such way. */
bool request_of(const struct oriel_route *route, size_t way, const char *name, char *request, size_t size);
enum { REQUEST_WAYS = 3 };
/** Value of a header, copied; "" when absent. */
const char *header_of(const struct answer *answer, const char *name, char *value, size_t size);
/** Width of the PNG that came, as its header has it. */
unsigned png_width(const struct answer *answer);
#define BEARER(token) "Authorization: Bearer " token "\r\n"
#define RIG_BEARER BEARER(RIG_TOKEN)

/* ---- WebSocket ---- */

struct frame {
  int opcode; /* -1 = end of the stream or nothing within the limit */
  size_t size;
  uint8_t data[1 << 20];
};

/** The opening handshake's request with a bearer token. */
const char *ws_handshake(const struct rig *rig, char *text, size_t size);
/** Opens a WebSocket; asserts 101. */
int ws_open(const struct rig *rig);
/** The same with these header lines instead of the bearer token; they may name other subprotocols. */
int ws_open_as(const struct rig *rig, const char *headers);
/** ws_open and a hello that can take video, tiles and sound. */
int ws_join(const struct rig *rig, bool controls);
/** A masked frame. */
size_t ws_frame(uint8_t *out, bool fin, int opcode, const void *data, size_t size);
bool ws_send(int fd, bool fin, int opcode, const void *data, size_t size);
void ws_hello(int fd, bool controls);
/** Next frame from the server. */
int ws_read(int fd, struct frame *frame);
/** Reads until a message of this type, whose frame it leaves; false at the end of the stream. Answers pings. */
bool ws_until(int fd, struct frame *frame, int type);
/** Does what a page does with a message: answers a ping, acknowledges a picture as painted. True for a picture. */
bool ws_attend(int fd, const struct frame *frame);
/** Reads to the end; returns the reason of the BYE and asserts that the close code fits, or 0 when none came. */
int ws_reason(int fd);
/** Closes with a reset, as a killed peer would. */
void cut(int fd);

#endif
