/* SPDX-License-Identifier: MIT
 *
 * Answering who pastes (ICCCM 2.2, 2.6, 2.7.2). Clipboard thread.
 */
#include "guest/agent/x11_give.h"

#include <string.h>

#include "core/clock.h"
#include "guest/agent/gather.h"

static const uint64_t patience_ns = AGENT_SELECTION_PATIENCE_MS * ORIEL_NS_PER_MS;

static void listen_to(const struct x11_give *give, xcb_window_t requestor, uint32_t events) {
  xcb_change_window_attributes(give->x->connection, requestor, XCB_CW_EVENT_MASK, &events);
}

static void end(struct x11_give *give, struct x11_giving *giving) {
  const xcb_window_t requestor = giving->requestor;
  oriel_packet_unref(giving->text);
  *giving = (struct x11_giving){.text = NULL};
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++)
    if (give->all[i].text && give->all[i].requestor == requestor)
      return;
  listen_to(give, requestor, 0);
}

void x11_give_set(struct x11_give *give, struct oriel_packet *text, xcb_timestamp_t since) {
  oriel_packet_unref(give->text);
  give->text = text;
  give->since = since;
}

static void put(const struct x11_give *give, xcb_window_t requestor, xcb_atom_t property, xcb_atom_t type,
                uint8_t format, size_t count, const void *values) {
  xcb_change_property(give->x->connection, XCB_PROP_MODE_REPLACE, requestor, property, type, format, (uint32_t)count,
                      values);
}

/** The place of the same property, a free one, or that of who has not moved for the longest time. */
static struct x11_giving *find_place(struct x11_give *give, xcb_window_t requestor, xcb_atom_t property) {
  struct x11_giving *place = &give->all[0];
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++) {
    struct x11_giving *giving = &give->all[i];
    if (giving->text && giving->requestor == requestor && giving->property == property) {
      place = giving;
      break;
    }
    if (place->text && (!giving->text || giving->due_ns < place->due_ns))
      place = giving;
  }
  if (place->text)
    end(give, place);
  return place;
}

static void begin_pieces(struct x11_give *give, const struct x11_giving *giving) {
  *find_place(give, giving->requestor, giving->property) = *giving;
  listen_to(give, giving->requestor, XCB_EVENT_MASK_PROPERTY_CHANGE);
  put(give, giving->requestor, giving->property, give->x->atoms[X11_INCR], 32, 1,
      &(uint32_t){(uint32_t)giving->text->size});
}

static void put_targets(const struct x11_give *give, xcb_window_t requestor, xcb_atom_t property) {
  const xcb_atom_t *atoms = give->x->atoms;
  xcb_atom_t targets[2 + AGENT_SELECTION_TEXT_COUNT] = {atoms[X11_TARGETS], atoms[X11_TIMESTAMP]};
  for (int i = 0; i < AGENT_SELECTION_TEXT_COUNT; i++)
    targets[2 + i] = atoms[X11_TEXTS + i];
  put(give, requestor, property, XCB_ATOM_ATOM, 32, 2 + AGENT_SELECTION_TEXT_COUNT, targets);
}

static bool is_text(const struct x11 *x, xcb_atom_t target) {
  for (int i = 0; i < AGENT_SELECTION_TEXT_COUNT; i++)
    if (target == x->atoms[X11_TEXTS + i])
      return true;
  return false;
}

/** False: there is nothing of that form. */
static bool answer(struct x11_give *give, const xcb_selection_request_event_t *event, xcb_atom_t property,
                   uint64_t now_ns) {
  const xcb_atom_t *atoms = give->x->atoms;
  if (!give->text || event->selection != atoms[X11_CLIPBOARD] || event->requestor == give->x->window)
    return false;
  if (event->target == atoms[X11_TARGETS])
    put_targets(give, event->requestor, property);
  else if (event->target == atoms[X11_TIMESTAMP])
    put(give, event->requestor, property, XCB_ATOM_INTEGER, 32, 1, &give->since);
  else if (!is_text(give->x, event->target))
    return false;
  else if (give->text->size <= give->x->chunk)
    put(give, event->requestor, property, event->target, 8, give->text->size, give->text->data);
  else
    begin_pieces(give, &(struct x11_giving){oriel_packet_ref(give->text), 0, now_ns + patience_ns, event->requestor,
                                            property, event->target});
  return true;
}

void x11_give_request(struct x11_give *give, const xcb_selection_request_event_t *event, uint64_t now_ns) {
  const xcb_atom_t property = event->property != XCB_NONE ? event->property : event->target; /* of before ICCCM 1 */
  const xcb_selection_notify_event_t notify = {
    .response_type = XCB_SELECTION_NOTIFY, .time = event->time, .requestor = event->requestor,
    .selection = event->selection, .target = event->target,
    .property = answer(give, event, property, now_ns) ? property : XCB_NONE,
  };
  char bytes[32] = {0}; /* what an event takes on the wire */
  memcpy(bytes, &notify, sizeof notify);
  xcb_send_event(give->x->connection, 0, event->requestor, 0, bytes);
}

void x11_give_property(struct x11_give *give, const xcb_property_notify_event_t *event, uint64_t now_ns) {
  if (event->state != XCB_PROPERTY_DELETE)
    return;
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++) {
    struct x11_giving *giving = &give->all[i];
    if (!giving->text || giving->requestor != event->window || giving->property != event->atom)
      continue;
    const size_t left = giving->text->size - giving->sent, size = left < give->x->chunk ? left : give->x->chunk;
    put(give, giving->requestor, giving->property, giving->type, 8, size, giving->text->data + giving->sent);
    giving->sent += size;
    giving->due_ns = now_ns + patience_ns;
    if (size == 0) /* a piece of nothing is the end */
      end(give, giving);
    return;
  }
}

void x11_give_look(struct x11_give *give, int *timeout_ms, uint64_t now_ns) {
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++) {
    if (give->all[i].text && now_ns >= give->all[i].due_ns)
      end(give, &give->all[i]);
    agent_gather_earlier(timeout_ms, give->all[i].due_ns, now_ns);
  }
}

void x11_give_finish(struct x11_give *give) {
  for (size_t i = 0; i < AGENT_SELECTION_GIVES_MAX; i++)
    oriel_packet_unref(give->all[i].text);
  oriel_packet_unref(give->text);
  *give = (struct x11_give){.text = NULL};
}
