/* SPDX-License-Identifier: MIT
 *
 * The listening socket. Loop thread; no call here blocks.
 */
#include "server/listener.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/shortage.h"
#include "server/admission.h"
#include "server/private.h"
#include "server/relay.h"

enum { ACCEPTS_PER_TURN = 16 };

/** The listener stays readable, so it is not watched before the next tick. */
static void rest(struct oriel_server *server) {
  (void)uv_poll_stop(&server->listen_poll);
  server->listener_paused = true;
  oriel_server_watch(server);
}

/** False when there is none, or no means to take it. */
static bool accept_one(struct oriel_server *server) {
  struct sockaddr_storage client = {0};
  socklen_t size = sizeof client;
  int fd = accept4(server->listener, (struct sockaddr *)&client, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    /* Asked again at once it comes again at once. EAGAIN means that nobody is waiting. */
    if (error != EAGAIN && oriel_shortage_is(error))
      rest(server);
    return error == ECONNABORTED || error == EINTR;
  }
  if (!oriel_admission_admits(server, (struct sockaddr *)&client)) {
    close(fd);
    return true;
  }
  int status = server->tls ? oriel_relay_open(server, fd, &client, size)
                           : oriel_http_add(server, fd, (struct sockaddr *)&client, size);
  if (status < 0 && server->tls)
    close(fd); /* libmicrohttpd closes what it refuses */
  return true;
}

static void on_listener(uv_poll_t *poll, int status, int events) {
  struct oriel_server *server = poll->data;
  (void)status;
  (void)events;
  for (int i = 0; i < ACCEPTS_PER_TURN && server->listener >= 0 && accept_one(server); i++) {
  }
  if (!server->tls)
    oriel_http_pump(server);
}

int oriel_listener_start(struct oriel_server *server, int listener) {
  int status = uv_poll_init(server->loop, &server->listen_poll, listener);
  if (status < 0)
    return status;
  server->listener = listener;
  server->listen_poll.data = server;
  server->open_handles++;
  (void)uv_poll_start(&server->listen_poll, UV_READABLE, on_listener);
  return 0;
}

void oriel_listener_stop(struct oriel_server *server) {
  if (server->listener < 0)
    return;
  (void)uv_poll_stop(&server->listen_poll);
  close(server->listener);
  server->listener = -1;
}

void oriel_listener_tick(struct oriel_server *server) {
  if (!server->listener_paused || server->listener < 0)
    return;
  server->listener_paused = false;
  (void)uv_poll_start(&server->listen_poll, UV_READABLE, on_listener);
}
