/* SPDX-License-Identifier: MIT
 *
 * The listening socket. Loop thread; no call here blocks.
 */
#include "server/listener.h"

#include <errno.h>
#include <unistd.h>

#include "core/shortage.h"

enum { ACCEPTS_PER_TURN = 16 };

/** The listener stays readable, so it is not watched before the next tick. */
static void pause_until_tick(struct oriel_listener *listener) {
  (void)uv_poll_stop(&listener->poll);
  listener->paused = true;
  oriel_loop_watch(listener->loop);
}

/** False when there is none, or no means to take it. */
static bool accept_one(struct oriel_listener *listener) {
  struct sockaddr_storage client = {0};
  socklen_t size = sizeof client;
  int fd = accept4(listener->fd, (struct sockaddr *)&client, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    /* Asked again at once it comes again at once. EAGAIN means that nobody is waiting. */
    if (error != EAGAIN && oriel_shortage_is(error))
      pause_until_tick(listener);
    return error == ECONNABORTED || error == EINTR;
  }
  if (listener->ops->admits(listener->user, (struct sockaddr *)&client))
    listener->ops->serve(listener->user, fd, &client, size);
  else
    close(fd);
  return true;
}

static void on_listener(uv_poll_t *poll, int status, int events) {
  struct oriel_listener *listener = poll->data;
  (void)status;
  (void)events;
  for (int i = 0; i < ACCEPTS_PER_TURN && listener->fd >= 0 && accept_one(listener); i++) {
  }
  listener->ops->done(listener->user);
}

int oriel_listener_start(struct oriel_listener *listener, struct oriel_loop *loop, int fd,
                         const struct oriel_listener_ops *ops, void *user) {
  int status = uv_poll_init(loop->uv, &listener->poll, fd);
  if (status < 0)
    return status;
  listener->loop = loop;
  listener->ops = ops;
  listener->user = user;
  listener->fd = fd;
  listener->poll.data = listener;
  oriel_loop_opened(loop);
  (void)uv_poll_start(&listener->poll, UV_READABLE, on_listener);
  return 0;
}

void oriel_listener_stop(struct oriel_listener *listener) {
  if (listener->fd < 0)
    return;
  (void)uv_poll_stop(&listener->poll);
  close(listener->fd);
  listener->fd = -1;
}

void oriel_listener_tick(struct oriel_listener *listener) {
  if (!listener->paused || listener->fd < 0)
    return;
  listener->paused = false;
  (void)uv_poll_start(&listener->poll, UV_READABLE, on_listener);
}

static void on_closed(uv_handle_t *handle) {
  const struct oriel_listener *listener = handle->data;
  oriel_loop_closed(listener->loop);
}

void oriel_listener_close(struct oriel_listener *listener) {
  if (listener->poll.data)
    uv_close((uv_handle_t *)&listener->poll, on_closed);
}
