/* SPDX-License-Identifier: MIT
 *
 * Watching and owning X11's clipboard. Clipboard thread.
 */
#include "guest/agent/selection_x11.h"

#include <X11/Xauth.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xfixes.h>

#include "core/clock.h"
#include "guest/agent/x11.h"
#include "guest/agent/x11_give.h"
#include "guest/agent/x11_take.h"

enum {
  EVENTS_MAX = 256,        /* in a step: a client that sends without end holds nobody up */
  CHUNK_MAX = 64 * 1024,   /* bytes of a text in a request */
  REQUEST_HEAD = 24,       /* of ChangeProperty */
};

struct selection_x11 {
  struct agent_selection base;
  struct x11 x;
  uint8_t fixes_event;
  struct oriel_packet *wanted; /* to be given once the server has said what time it is */
  struct x11_take take;
  struct x11_give give;
  bool has_more; /* events that were not looked at */
};

/* ---- events ---- */

static void on_owner(struct selection_x11 *x11, const xcb_xfixes_selection_notify_event_t *event, uint64_t now_ns) {
  const struct agent_selection_sink *sink = &x11->base.sink;
  /* Our own end is told, too, when the server closes its clients one after the other: it changes nothing. */
  const bool is_ours = event->owner == x11->x.window || (event->owner == XCB_NONE && x11->give.text);
  if (event->selection != x11->x.atoms[X11_CLIPBOARD] || is_ours)
    return;
  if (event->owner != XCB_NONE) {
    x11_take_begin(&x11->take, event->selection_timestamp, now_ns);
    return;
  }
  x11_take_end(&x11->take);
  sink->refused(sink->owner, AGENT_SELECTION_NO_TEXT);
}

/** ICCCM 2.1: who takes a selection says since when, by the server's clock, which an empty change of a property tells. */
static void on_property(struct selection_x11 *x11, const xcb_property_notify_event_t *event, uint64_t now_ns) {
  if (event->window == x11->x.window && x11->wanted) {
    x11_give_set(&x11->give, x11->wanted, event->time);
    x11->wanted = NULL;
    xcb_set_selection_owner(x11->x.connection, x11->x.window, x11->x.atoms[X11_CLIPBOARD], event->time);
  }
  x11_take_property(&x11->take, event);
  x11_give_property(&x11->give, event, now_ns);
}

static void on_event(struct selection_x11 *x11, const xcb_generic_event_t *event, uint64_t now_ns) {
  const uint8_t type = event->response_type & 0x7f; /* without the mark of an event that a client sent */
  const void *is = event;
  if (type == XCB_SELECTION_REQUEST)
    x11_give_request(&x11->give, is, now_ns);
  else if (type == XCB_SELECTION_NOTIFY)
    x11_take_notify(&x11->take, is);
  else if (type == XCB_PROPERTY_NOTIFY)
    on_property(x11, is, now_ns);
  else if (type == XCB_SELECTION_CLEAR)
    x11_give_set(&x11->give, NULL, 0);
  else if (type == x11->fixes_event + XCB_XFIXES_SELECTION_NOTIFY)
    on_owner(x11, is, now_ns);
  /* Errors are of windows that are gone: who owned them is given up in time. */
}

static size_t x11_poll(struct agent_selection *selection, struct pollfd *polled, int *timeout_ms, uint64_t now_ns) {
  struct selection_x11 *x11 = (struct selection_x11 *)selection;
  agent_gather_earlier(timeout_ms, x11->take.gather.due_ns, now_ns);
  x11_give_look(&x11->give, timeout_ms, now_ns);
  xcb_flush(x11->x.connection);
  xcb_generic_event_t *event = xcb_poll_for_queued_event(x11->x.connection);
  if (event) /* writing may have read; such events do not wait in the socket */
    on_event(x11, event, now_ns);
  x11->has_more |= event != NULL;
  free(event);
  if (x11->has_more)
    *timeout_ms = 0;
  polled[0] = (struct pollfd){.fd = xcb_get_file_descriptor(x11->x.connection), .events = POLLIN};
  return 1;
}

static int step(struct agent_selection *selection, const struct pollfd *polled, size_t count, uint64_t now_ns) {
  struct selection_x11 *x11 = (struct selection_x11 *)selection;
  (void)polled, (void)count;
  xcb_generic_event_t *event = NULL;
  unsigned events = 0;
  for (; events < EVENTS_MAX && (event = xcb_poll_for_event(x11->x.connection)); events++) {
    on_event(x11, event, now_ns);
    free(event);
  }
  x11->has_more = events == EVENTS_MAX;
  x11_take_look(&x11->take, now_ns);
  xcb_flush(x11->x.connection);
  return xcb_connection_has_error(x11->x.connection) ? -ECONNRESET : 0;
}

static void give(struct agent_selection *selection, struct oriel_packet *text) {
  struct selection_x11 *x11 = (struct selection_x11 *)selection;
  x11_take_end(&x11->take); /* what was copied before is older */
  oriel_packet_unref(x11->wanted);
  x11->wanted = oriel_packet_ref(text);
  xcb_change_property(x11->x.connection, XCB_PROP_MODE_REPLACE, x11->x.window, x11->x.atoms[X11_NOW],
                      XCB_ATOM_STRING, 8, 0, NULL);
}

/* ---- life ---- */

static void destroy(struct agent_selection *selection) {
  struct selection_x11 *x11 = (struct selection_x11 *)selection;
  x11_take_end(&x11->take);
  x11_give_finish(&x11->give);
  oriel_packet_unref(x11->wanted);
  xcb_disconnect(x11->x.connection);
  free(x11);
}

static int intern(struct x11 *x) {
  static const char *const names[X11_ATOM_COUNT] = {
    [X11_CLIPBOARD] = "CLIPBOARD", [X11_TARGETS] = "TARGETS", [X11_TIMESTAMP] = "TIMESTAMP", [X11_INCR] = "INCR",
    [X11_HINT] = AGENT_SELECTION_HINT, [X11_NOW] = "ORIEL_NOW", [X11_PLACES] = "ORIEL_TEXT_0", "ORIEL_TEXT_1",
    "ORIEL_TEXT_2", "ORIEL_TEXT_3", "ORIEL_TEXT_4", "ORIEL_TEXT_5", "ORIEL_TEXT_6", "ORIEL_TEXT_7",
  };
  static const char *const texts[AGENT_SELECTION_TEXT_COUNT] = AGENT_SELECTION_TEXTS;
  xcb_intern_atom_cookie_t cookies[X11_ATOM_COUNT];
  for (size_t i = 0; i < X11_ATOM_COUNT; i++) {
    const char *name = i < AGENT_SELECTION_TEXT_COUNT ? texts[i] : names[i];
    cookies[i] = xcb_intern_atom(x->connection, 0, (uint16_t)strlen(name), name);
  }
  int error = 0;
  for (size_t i = 0; i < X11_ATOM_COUNT; i++) {
    xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(x->connection, cookies[i], NULL);
    if (reply)
      x->atoms[i] = reply->atom;
    else
      error = -ECONNREFUSED;
    free(reply);
  }
  return error;
}

/** Asks to be told of the clipboard's owners; whoever is one already is asked now. */
static int watch(struct selection_x11 *x11) {
  xcb_connection_t *connection = x11->x.connection;
  const xcb_query_extension_reply_t *extension = xcb_get_extension_data(connection, &xcb_xfixes_id);
  if (!extension || !extension->present)
    return -ENOTSUP;
  x11->fixes_event = extension->first_event;
  xcb_xfixes_query_version_reply_t *version =
    xcb_xfixes_query_version_reply(connection, xcb_xfixes_query_version(connection, 1, 0), NULL);
  free(version);
  if (!version)
    return -ENOTSUP;
  const xcb_atom_t clipboard = x11->x.atoms[X11_CLIPBOARD];
  xcb_xfixes_select_selection_input(connection, x11->x.window, clipboard,
                                    XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER |
                                      XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_WINDOW_DESTROY |
                                      XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_CLIENT_CLOSE);
  xcb_get_selection_owner_reply_t *owner =
    xcb_get_selection_owner_reply(connection, xcb_get_selection_owner(connection, clipboard), NULL);
  if (owner && owner->owner != XCB_NONE)
    x11_take_begin(&x11->take, XCB_CURRENT_TIME, oriel_clock_ns());
  free(owner);
  return xcb_connection_has_error(connection) ? -ECONNREFUSED : 0;
}

static int start(struct selection_x11 *x11) {
  xcb_connection_t *connection = x11->x.connection;
  if (xcb_connection_has_error(connection))
    return -ECONNREFUSED;
  const xcb_setup_t *setup = xcb_get_setup(connection);
  const uint32_t most = setup->maximum_request_length * 4U - REQUEST_HEAD;
  x11->x.chunk = most < CHUNK_MAX ? most : CHUNK_MAX;
  x11->x.root = xcb_setup_roots_iterator(setup).data->root;
  const int error = intern(&x11->x);
  if (error < 0)
    return error;
  x11->x.window = xcb_generate_id(connection);
  xcb_create_window(connection, 0, x11->x.window, x11->x.root, 0, 0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY,
                    XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK, &(uint32_t){XCB_EVENT_MASK_PROPERTY_CHANGE});
  return watch(x11);
}

/** The cookie of $XAUTHORITY or ~/.Xauthority; without one the server may know this user by its id. */
static xcb_connection_t *connect_by(int fd, unsigned number) {
  static char name[] = "MIT-MAGIC-COOKIE-1";
  static const int name_size = sizeof name - 1;
  char host[256] = "", text[12];
  (void)gethostname(host, sizeof host - 1);
  const int text_size = snprintf(text, sizeof text, "%u", number);
  Xauth *found = XauGetBestAuthByAddr(FamilyLocal, (unsigned short)strlen(host), host, (unsigned short)text_size, text,
                                      1, (char *[]){name}, &name_size);
  xcb_auth_info_t info = {.namelen = 0};
  if (found)
    info = (xcb_auth_info_t){found->name_length, found->name, found->data_length, found->data};
  xcb_connection_t *connection = xcb_connect_to_fd(fd, found ? &info : NULL);
  if (found)
    XauDisposeAuth(found);
  return connection;
}

static const struct agent_selection_impl impl = {
  .name = "x11", .destroy = destroy, .give = give, .poll = x11_poll, .step = step,
};

int agent_selection_x11_open(int fd, unsigned number, const struct agent_selection_sink *sink,
                             struct agent_selection **selection) {
  struct selection_x11 *x11 = calloc(1, sizeof *x11);
  if (!x11) {
    close(fd);
    return -ENOMEM;
  }
  x11->base = (struct agent_selection){&impl, *sink};
  x11->x.connection = connect_by(fd, number);
  x11->take.x = x11->give.x = &x11->x;
  x11->take.sink = &x11->base.sink;
  x11->has_more = true; /* what came along with the answers */
  const int error = start(x11);
  if (error < 0)
    destroy(&x11->base);
  else
    *selection = &x11->base;
  return error;
}
