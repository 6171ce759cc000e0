/* SPDX-License-Identifier: MIT
 *
 * Asking for a picture that does not change. QEMU (7.2 to 9.1 at least) tells a listener nothing when a virtio card's
 * picture is replaced by another of the same size: a guest that blanks its screen leaves the last picture with us.
 * Registering again brings what QEMU has, but costs it a whole picture. So, once a second while somebody looks, QEMU is
 * asked how far the guest's queue to the card has come, which costs nothing; only where that moved, and no picture came
 * of it, or pictures have just ended, is the listener registered again. Looks that find nothing new grow rarer.
 *
 * Cards that are no virtio devices draw a blank themselves. The session's thread only.
 */
#include "source/qemu/display_poll.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

enum { LOOK_MS = 1000, PAUSE_MAX_S = 32 };

static void restart_listener(struct oriel_qemu_head *head, uint64_t now_ns) {
  struct oriel_qemu_display_poll *poll = &head->poll;
  poll->moved = false;
  poll->pause_s = poll->pause_s ? MIN(poll->pause_s * 2, PAUSE_MAX_S) : 1;
  poll->due_ns = now_ns + poll->pause_s * ORIEL_NS_PER_SECOND;
  oriel_qemu_scanout_recheck(head->config.scanout);
  oriel_qemu_listener_restart(head->display);
}

/* What a second brought: `index` is where the card's queue is now. */
static void judge(struct oriel_qemu_head *head, int64_t index) {
  struct oriel_qemu_display_poll *poll = &head->poll;
  uint64_t frames = oriel_qemu_scanout_frames(head->config.scanout), now = oriel_clock_ns();
  bool drew = frames != poll->frames, queued = index != poll->index;
  if (drew)
    poll->pause_s = 0; /* the guest draws: what comes after that is another pause */
  poll->frames = frames;
  poll->index = index;
  /* Where each registration costs QEMU something for ever, only what is sure to be missing is looked for. */
  bool ended = poll->moved && !drew && !head->session->keeps_display;
  poll->moved |= drew || queued;
  if ((ended || (queued && !drew)) && now >= poll->due_ns && oriel_qemu_listener_active(head->display))
    restart_listener(head, now);
}

static void on_queue(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_head *head = user;
  head->poll.asking = false;
  const json_t *index = json_object_get(result, "last-avail-idx");
  if (head->poll.timer && json_is_integer(index))
    judge(head, json_integer_value(index));
}

static gboolean on_look(gpointer user) {
  struct oriel_qemu_head *head = user;
  struct oriel_qemu_display_poll *poll = &head->poll;
  if (!poll->asking)
    poll->asking = !oriel_qmp_execute(head->session->qmp, "x-query-virtio-queue-status",
                                       json_pack("{s:s,s:i}", "path", head->session->card, "queue", 0), -1, on_queue,
                                       head);
  return G_SOURCE_CONTINUE;
}

void oriel_qemu_head_poll_display(struct oriel_qemu_head *head) {
  struct oriel_qemu_display_poll *poll = &head->poll;
  const struct oriel_qemu_session *session = head->session;
  bool wanted = session->qmp_ready && head->facts.attached && head->watched && session->card[0];
  if (wanted == (poll->timer != NULL))
    return;
  if (!wanted) {
    oriel_qemu_timer_stop(&poll->timer);
    return;
  }
  poll->frames = oriel_qemu_scanout_frames(head->config.scanout);
  poll->pause_s = 0;
  poll->due_ns = 0;
  poll->moved = false;
  poll->asking = false;
  oriel_qemu_timer_start(session->context, &poll->timer, LOOK_MS, on_look, head);
}

/* A list of {name, path}: with several cards none is known to be ours. */
static void on_devices(void *user, const json_t *result, const char *error) {
  (void)error;
  struct oriel_qemu_session *session = user;
  size_t index;
  json_t *entry;
  const char *found = NULL;
  bool several = false;
  json_array_foreach((json_t *)(uintptr_t)result, index, entry) {
    const char *name = json_string_value(json_object_get(entry, "name"));
    const char *path = json_string_value(json_object_get(entry, "path"));
    if (!name || !path || strcmp(name, "virtio-gpu"))
      continue;
    several = found != NULL;
    found = path;
  }
  snprintf(session->card, sizeof session->card, "%s", found && !several ? found : "");
  for (struct oriel_qemu_head *head = session->heads; head; head = head->next)
    oriel_qemu_head_poll_display(head);
}

void oriel_qemu_session_learn_card(struct oriel_qemu_session *session) {
  session->card[0] = '\0';
  oriel_qmp_execute(session->qmp, "x-query-virtio", NULL, -1, on_devices, session);
}
