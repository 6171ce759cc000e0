/* SPDX-License-Identifier: MIT
 *
 * Asking the owner of X11's clipboard (ICCCM 2.4 to 2.7.2). Clipboard thread.
 */
#include "guest/agent/x11_take.h"

#include <stdlib.h>

#include "core/clipboard.h"

/* In words of 4 bytes: one more than a text may have tells that there is more. */
enum { READ_WORDS = ORIEL_CLIPBOARD_MAX / 4 + 1 };

void x11_take_end(struct x11_take *take) {
  if (!agent_gather_is_on(&take->gather))
    return;
  agent_gather_end(&take->gather);
  xcb_destroy_window(take->x->connection, take->window);
}

static void refuse(struct x11_take *take, enum agent_selection_refusal why) {
  x11_take_end(take);
  take->sink->refused(take->sink->owner, why);
}

static void ask(struct x11_take *take, enum x11_atom target) {
  const xcb_atom_t *atoms = take->x->atoms;
  take->target = target;
  xcb_convert_selection(take->x->connection, take->window, atoms[X11_CLIPBOARD], atoms[target], atoms[X11_PROPERTY],
                        take->time);
}

void x11_take_begin(struct x11_take *take, xcb_timestamp_t time, uint64_t now_ns) {
  x11_take_end(take);
  agent_gather_begin(&take->gather, now_ns);
  take->window = xcb_generate_id(take->x->connection);
  take->time = time;
  take->is_incremental = false;
  xcb_create_window(take->x->connection, 0, take->window, take->x->root, 0, 0, 1, 1, 0,
                    XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK,
                    &(uint32_t){XCB_EVENT_MASK_PROPERTY_CHANGE});
  ask(take, X11_TARGETS);
}

/** What the owner has left in the property, which is deleted with that: of INCR the owner goes on. NULL: nothing. */
static xcb_get_property_reply_t *read_property(const struct x11_take *take) {
  xcb_connection_t *connection = take->x->connection;
  return xcb_get_property_reply(
    connection,
    xcb_get_property(connection, 1, take->window, take->x->atoms[X11_PROPERTY], XCB_GET_PROPERTY_TYPE_ANY, 0,
                     READ_WORDS),
    NULL);
}

/** Asks for the best text among the forms; for a password manager's mark before it. */
static void take_targets(struct x11_take *take, const xcb_get_property_reply_t *reply) {
  const xcb_atom_t *targets = xcb_get_property_value(reply), *atoms = take->x->atoms;
  const size_t count = reply->format == 32 ? reply->value_len : 0;
  int best = AGENT_SELECTION_TEXT_COUNT;
  bool has_hint = false;
  for (size_t i = 0; i < count; i++) {
    for (int text = 0; text < best; text++)
      if (targets[i] == atoms[X11_TEXTS + text])
        best = text;
    has_hint |= targets[i] == atoms[X11_HINT];
  }
  take->best = X11_TEXTS + (enum x11_atom)best;
  if (best == AGENT_SELECTION_TEXT_COUNT)
    refuse(take, AGENT_SELECTION_NO_TEXT);
  else
    ask(take, has_hint ? X11_HINT : take->best);
}

/** Marked as something else than a secret, it is a text as any other. */
static void take_hint(struct x11_take *take) {
  if (agent_gather_is(&take->gather, "secret")) {
    refuse(take, AGENT_SELECTION_SECRET);
    return;
  }
  agent_gather_restart(&take->gather);
  take->is_incremental = false;
  ask(take, take->best);
}

static void take_whole(struct x11_take *take) {
  if (take->target == X11_HINT) {
    take_hint(take);
    return;
  }
  xcb_destroy_window(take->x->connection, take->window);
  agent_gather_tell(&take->gather, take->sink);
}

static bool add(struct x11_take *take, const xcb_get_property_reply_t *reply) {
  const int size = xcb_get_property_value_length(reply);
  if (reply->bytes_after == 0 && agent_gather_add(&take->gather, xcb_get_property_value(reply), (size_t)size) == 0)
    return true;
  refuse(take, AGENT_SELECTION_LARGE);
  return false;
}

static void take_text(struct x11_take *take, const xcb_get_property_reply_t *reply) {
  if (reply->type == take->x->atoms[X11_INCR]) {
    take->is_incremental = true; /* the size that it says is not believed */
    return;
  }
  if (add(take, reply))
    take_whole(take);
}

void x11_take_notify(struct x11_take *take, const xcb_selection_notify_event_t *event) {
  if (!agent_gather_is_on(&take->gather) || event->requestor != take->window || take->is_incremental ||
      event->target != take->x->atoms[take->target])
    return;
  xcb_get_property_reply_t *reply = event->property != XCB_NONE ? read_property(take) : NULL;
  if (!reply || reply->type == XCB_NONE)
    refuse(take, take->target == X11_HINT ? AGENT_SELECTION_SECRET : AGENT_SELECTION_NO_TEXT);
  else if (take->target == X11_TARGETS)
    take_targets(take, reply);
  else
    take_text(take, reply);
  free(reply);
}

void x11_take_property(struct x11_take *take, const xcb_property_notify_event_t *event) {
  if (!agent_gather_is_on(&take->gather) || event->window != take->window || !take->is_incremental ||
      event->state != XCB_PROPERTY_NEW_VALUE || event->atom != take->x->atoms[X11_PROPERTY])
    return;
  xcb_get_property_reply_t *reply = read_property(take);
  const bool is_there = reply && reply->type != XCB_NONE; /* else it was read with an earlier event */
  if (is_there && xcb_get_property_value_length(reply) > 0)
    (void)add(take, reply);
  else if (is_there)
    take_whole(take);
  free(reply);
}

void x11_take_look(struct x11_take *take, uint64_t now_ns) {
  if (agent_gather_is_due(&take->gather, now_ns))
    refuse(take, AGENT_SELECTION_HUNG);
}
