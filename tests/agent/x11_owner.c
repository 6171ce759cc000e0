/* SPDX-License-Identifier: MIT
 *
 * Who owns X11's clipboard, or pastes from it, as no program should; and as a password manager does. For
 * clipboard_test.py.
 *
 * usage: x11_owner hang | drip | lie | image | broken | secret TEXT | marked TEXT     owns the clipboard until it ends
 *        x11_owner greedy | multiple                                                  pastes from it
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

enum { GREEDY = 20, LIE_PIECES = 40, PIECE = 64 * 1024 };

static xcb_connection_t *connection;
static xcb_window_t window;
static const char *mode, *text = "text";

static xcb_atom_t atom(const char *name) {
  xcb_intern_atom_reply_t *reply =
    xcb_intern_atom_reply(connection, xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name), NULL);
  if (!reply)
    exit(1);
  const xcb_atom_t value = reply->atom;
  free(reply);
  return value;
}

static bool is(const char *word) {
  return strcmp(mode, word) == 0;
}

static void put(const xcb_selection_request_event_t *event, xcb_atom_t type, uint8_t format, size_t count,
                const void *values) {
  xcb_change_property(connection, XCB_PROP_MODE_REPLACE, event->requestor, event->property, type, format,
                      (uint32_t)count, values);
}

static void answer(const xcb_selection_request_event_t *event) {
  const bool has_hint = is("secret") || is("marked");
  const xcb_atom_t names[] = {atom("TARGETS"), is("image") ? atom("image/png") : atom("UTF8_STRING"),
                              has_hint ? atom("x-kde-passwordManagerHint") : atom("TIMESTAMP")};
  xcb_selection_notify_event_t notify = {
    .response_type = XCB_SELECTION_NOTIFY, .time = event->time, .requestor = event->requestor,
    .selection = event->selection, .target = event->target, .property = event->property};
  if (is("hang"))
    return;
  if (event->target == names[0])
    put(event, XCB_ATOM_ATOM, 32, 3, names);
  else if (has_hint && event->target == names[2])
    put(event, XCB_ATOM_STRING, 8, strlen(mode), mode); /* "secret", or a word that means nothing */
  else if (is("drip") || is("lie"))
    put(event, atom("INCR"), 32, 1, &(uint32_t){5});
  else if (is("broken"))
    put(event, event->target, 8, 2, "\xff\xfe");
  else
    put(event, event->target, 8, strlen(text), text);
  if (is("drip") || is("lie"))
    xcb_change_window_attributes(connection, event->requestor, XCB_CW_EVENT_MASK,
                                 &(uint32_t){XCB_EVENT_MASK_PROPERTY_CHANGE});
  char bytes[32] = {0};
  memcpy(bytes, &notify, sizeof notify);
  xcb_send_event(connection, 0, event->requestor, 0, bytes);
}

/* The next piece of INCR, when the one before it has been taken. */
static void go_on(const xcb_property_notify_event_t *event) {
  static char piece[PIECE];
  static unsigned pieces;
  if (event->state != XCB_PROPERTY_DELETE || event->window == window)
    return;
  memset(piece, 'x', sizeof piece);
  const bool is_over = is("lie") && pieces++ == LIE_PIECES;
  xcb_change_property(connection, XCB_PROP_MODE_REPLACE, event->window, event->atom, atom("UTF8_STRING"), 8,
                      is_over ? 0 : is("lie") ? PIECE : 1, piece);
}

static void own(void) {
  xcb_set_selection_owner(connection, window, atom("CLIPBOARD"), XCB_CURRENT_TIME);
  (void)atom("CLIPBOARD"); /* an answer: what was asked for before has been done */
  puts("ready");
  fflush(stdout);
  xcb_generic_event_t *event;
  for (xcb_flush(connection); (event = xcb_wait_for_event(connection)); xcb_flush(connection)) {
    const uint8_t type = event->response_type & 0x7f;
    if (type == XCB_SELECTION_REQUEST)
      answer((const void *)event);
    else if (type == XCB_PROPERTY_NOTIFY)
      go_on((const void *)event);
    free(event);
    if (type == XCB_SELECTION_CLEAR)
      return;
  }
}

/* Asks many times and takes nothing; or asks for what is refused, and says how it was answered. */
static void paste(void) {
  char name[32];
  for (unsigned i = 0; i < GREEDY; i++) {
    snprintf(name, sizeof name, "PLACE_%u", i);
    xcb_convert_selection(connection, window, atom("CLIPBOARD"), atom(is("multiple") ? "MULTIPLE" : "UTF8_STRING"),
                          atom(name), XCB_CURRENT_TIME);
  }
  xcb_flush(connection);
  for (unsigned answers = 0; answers < GREEDY;) {
    xcb_generic_event_t *event = xcb_wait_for_event(connection);
    if (!event)
      return;
    const xcb_selection_notify_event_t *notify = (const void *)event;
    if ((event->response_type & 0x7f) == XCB_SELECTION_NOTIFY) {
      answers++;
      if (is("multiple"))
        printf("%s ", notify->property == XCB_NONE ? "refused" : "served");
    }
    free(event);
  }
  puts("ready");
  fflush(stdout);
  if (is("greedy"))
    free(xcb_wait_for_event(connection)); /* until it is ended */
}

int main(int argc, char *argv[]) {
  if (argc < 2)
    return 2;
  mode = argv[1];
  if (argc > 2)
    text = argv[2];
  connection = xcb_connect(NULL, NULL);
  if (xcb_connection_has_error(connection))
    return 1;
  window = xcb_generate_id(connection);
  xcb_create_window(connection, 0, window, xcb_setup_roots_iterator(xcb_get_setup(connection)).data->root, 0, 0, 1, 1, 0,
                    XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
  if (is("greedy") || is("multiple"))
    paste();
  else
    own();
  xcb_disconnect(connection);
  return 0;
}
