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
  agent_gather_end(&take->gather);
}

static void refuse(struct x11_take *take, enum agent_selection_refusal why) {
  x11_take_end(take);
  take->sink->refused(take->sink->owner, why);
}

static xcb_atom_t property(const struct x11_take *take) {
  return take->x->atoms[X11_PLACES + take->place];
}

static void ask(struct x11_take *take, enum x11_atom target) {
  const xcb_atom_t *atoms = take->x->atoms;
  take->target = target;
  xcb_convert_selection(take->x->connection, take->x->window, atoms[X11_CLIPBOARD], atoms[target], property(take),
                        take->time);
}

void x11_take_begin(struct x11_take *take, xcb_timestamp_t time, uint64_t now_ns) {
  agent_gather_begin(&take->gather, now_ns);
  take->place = (take->place + 1) % X11_PLACE_COUNT;
  take->time = time;
  take->is_incremental = false;
  ask(take, X11_TARGETS);
}

/** What the owner has left in the property, which is deleted with that: of INCR the owner goes on. NULL: nothing. */
static xcb_get_property_reply_t *read_property(const struct x11_take *take) {
  xcb_connection_t *connection = take->x->connection;
  return xcb_get_property_reply(
    connection,
    xcb_get_property(connection, 1, take->x->window, property(take), XCB_GET_PROPERTY_TYPE_ANY, 0, READ_WORDS),
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
  if (!agent_gather_is_on(&take->gather) || event->requestor != take->x->window || take->is_incremental ||
      event->target != take->x->atoms[take->target] ||
      (event->property == XCB_NONE ? event->time != take->time : event->property != property(take)))
    return; /* an owner's that was given up */
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
  if (!agent_gather_is_on(&take->gather) || event->window != take->x->window || !take->is_incremental ||
      event->state != XCB_PROPERTY_NEW_VALUE || event->atom != property(take))
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
