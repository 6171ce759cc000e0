/* SPDX-License-Identifier: MIT
 *
 * Writing a text into pipes. Clipboard thread.
 */
#include "guest/agent/giving.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/clock.h"
#include "guest/agent/gather.h"

static const uint64_t patience_ns = AGENT_SELECTION_PATIENCE_MS * ORIEL_NS_PER_MS;

static void end(struct agent_giving *giving) {
  close(giving->fd);
  oriel_packet_unref(giving->text);
  *giving = (struct agent_giving){.text = NULL};
}

/** A free place, or that of who has not moved for the longest time. */
static struct agent_giving *find_place(struct agent_givings *givings) {
  struct agent_giving *oldest = &givings->all[0];
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++) {
    if (!givings->all[i].text)
      return &givings->all[i];
    if (givings->all[i].due_ns < oldest->due_ns)
      oldest = &givings->all[i];
  }
  end(oldest);
  return oldest;
}

void agent_givings_add(struct agent_givings *givings, struct oriel_packet *text, int fd, uint64_t now_ns) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
    close(fd);
    return;
  }
  *find_place(givings) = (struct agent_giving){oriel_packet_ref(text), 0, now_ns + patience_ns, fd};
}

size_t agent_givings_poll(const struct agent_givings *givings, struct pollfd *polled, int *timeout_ms,
                          uint64_t now_ns) {
  size_t count = 0;
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++) {
    const struct agent_giving *giving = &givings->all[i];
    if (!giving->text)
      continue;
    agent_gather_earlier(timeout_ms, giving->due_ns, now_ns);
    polled[count++] = (struct pollfd){.fd = giving->fd, .events = POLLOUT};
  }
  return count;
}

static void go_on(struct agent_giving *giving, uint64_t now_ns) {
  const ssize_t wrote = write(giving->fd, giving->text->data + giving->sent, giving->text->size - giving->sent);
  if (wrote > 0) {
    giving->sent += (size_t)wrote;
    giving->due_ns = now_ns + patience_ns;
  }
  const bool failed = wrote < 0 && errno != EAGAIN && errno != EINTR;
  if (failed || giving->sent == giving->text->size || now_ns >= giving->due_ns)
    end(giving);
}

void agent_givings_step(struct agent_givings *givings, uint64_t now_ns) {
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++)
    if (givings->all[i].text)
      go_on(&givings->all[i], now_ns);
}

void agent_givings_finish(struct agent_givings *givings) {
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++)
    if (givings->all[i].text)
      end(&givings->all[i]);
}
