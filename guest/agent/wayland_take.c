/* SPDX-License-Identifier: MIT
 *
 * Reading what others copy. Clipboard thread.
 */
#include "guest/agent/wayland_take.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"

enum { READS_MAX = 16, READ_SIZE = 64 * 1024 }; /* in a step: a writer without end has no more than that */

static const char *const texts[AGENT_SELECTION_TEXT_COUNT] = AGENT_SELECTION_TEXTS;

static void close_pipe(struct wayland_take *take) {
  if (take->fd >= 0)
    close(take->fd);
  take->fd = -1;
}

void wayland_take_stop(struct wayland_take *take) {
  close_pipe(take);
  agent_gather_end(&take->gather);
}

static void refuse(struct wayland_take *take, enum agent_selection_refusal why) {
  wayland_take_stop(take);
  take->sink->refused(take->sink->owner, why);
}

/* ---- offers ---- */

static void forget(struct wayland_offer *offer) {
  data_control_offer_destroy(offer->proxy);
  *offer = (struct wayland_offer){.proxy = NULL, .text = AGENT_SELECTION_TEXT_COUNT};
}

void wayland_take_init(struct wayland_take *take, const struct agent_selection_sink *sink, const char *mark) {
  *take = (struct wayland_take){.sink = sink, .mark = mark, .fd = -1};
  forget(&take->coming);
  forget(&take->current);
}

static void on_type(void *user, struct wl_proxy *proxy, const char *type) {
  struct wayland_take *take = user;
  struct wayland_offer *offer = &take->coming;
  if (proxy != offer->proxy)
    return;
  for (int i = 0; i < offer->text; i++)
    if (strcmp(type, texts[i]) == 0)
      offer->text = i;
  offer->has_hint |= strcmp(type, AGENT_SELECTION_HINT) == 0;
  offer->is_ours |= strcmp(type, take->mark) == 0;
}

void wayland_take_offer(struct wayland_take *take, struct wl_proxy *proxy) {
  static const struct data_control_offer_events events = {on_type};
  forget(&take->coming);
  take->coming.proxy = proxy;
  if (proxy)
    data_control_listen(proxy, &events, take);
}

void wayland_take_leave(struct wayland_take *take, struct wl_proxy *proxy) {
  if (proxy && proxy == take->coming.proxy)
    forget(&take->coming);
}

void wayland_take_end(struct wayland_take *take) {
  wayland_take_stop(take);
  forget(&take->coming);
  forget(&take->current);
}

/* ---- reading ---- */

static void read_type(struct wayland_take *take, const char *type) {
  int ends[2];
  close_pipe(take);
  if (pipe2(ends, O_CLOEXEC) < 0) {
    refuse(take, AGENT_SELECTION_HUNG);
    return;
  }
  (void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* the writer's end blocks, as it may expect */
  data_control_offer_receive(take->current.proxy, type, ends[1]);
  close(ends[1]); /* a duplicate is on its way */
  take->fd = ends[0];
}

void wayland_take_selection(struct wayland_take *take, struct wl_proxy *proxy) {
  wayland_take_stop(take);
  forget(&take->current);
  if (proxy && proxy == take->coming.proxy) {
    take->current = take->coming;
    take->coming = (struct wayland_offer){.proxy = NULL, .text = AGENT_SELECTION_TEXT_COUNT};
  }
  const struct wayland_offer *offer = &take->current;
  if (offer->is_ours)
    return;
  if (offer->text == AGENT_SELECTION_TEXT_COUNT) {
    refuse(take, AGENT_SELECTION_NO_TEXT);
    return;
  }
  take->reads_hint = offer->has_hint;
  agent_gather_begin(&take->gather, oriel_clock_ns());
  read_type(take, offer->has_hint ? AGENT_SELECTION_HINT : texts[offer->text]);
}

/** A text that a password manager marked as something else than a secret is one as any other. */
static void read_whole(struct wayland_take *take) {
  if (!take->reads_hint) {
    close_pipe(take);
    agent_gather_tell(&take->gather, take->sink);
  } else if (agent_gather_is(&take->gather, "secret")) {
    refuse(take, AGENT_SELECTION_SECRET);
  } else {
    take->reads_hint = false;
    agent_gather_restart(&take->gather);
    read_type(take, texts[take->current.text]);
  }
}

static void read_some(struct wayland_take *take) {
  static uint8_t bytes[READ_SIZE]; /* there is one clipboard thread */
  for (unsigned i = 0; i < READS_MAX && take->fd >= 0; i++) {
    const ssize_t size = read(take->fd, bytes, sizeof bytes);
    if (size < 0)
      break;
    if (size == 0)
      read_whole(take);
    else if (agent_gather_add(&take->gather, bytes, (size_t)size) < 0)
      refuse(take, AGENT_SELECTION_LARGE);
  }
  explicit_bzero(bytes, sizeof bytes);
}

void wayland_take_step(struct wayland_take *take, uint64_t now_ns) {
  if (take->fd >= 0)
    read_some(take);
  if (agent_gather_is_due(&take->gather, now_ns))
    refuse(take, AGENT_SELECTION_HUNG);
}
