/* SPDX-License-Identifier: MIT
 *
 * The control connection: a private D-Bus connection to QEMU, obtained over QMP, with what QEMU exports on it.
 *
 * Thread-safety: everything on the session's thread (thread-default GMainContext `context`), but for the traffic that
 * concerns consoles, which GDBus's worker thread hands to them.
 */
#ifndef ORIEL_SOURCE_QEMU_CONTROL_H
#define ORIEL_SOURCE_QEMU_CONTROL_H

#include <gio/gio.h>
#include <stdbool.h>

#include "source/qemu/address.h"
#include "source/qemu/clipboard.h"
#include "source/qemu/console_facts.h"
#include "source/qemu/input.h"
#include "source/qemu/qmp.h"
#include "source/sink.h"

/** A console that is shown: where what QEMU says of it goes. Filled in by its owner, who keeps it where it is while it
 *  is taken. */
struct oriel_qemu_console {
  unsigned number; /* 0..ORIEL_QEMU_CONSOLE_MAX */
  const struct oriel_source_sink *sink;
  struct oriel_qemu_input *input;
  void *user;
  /** It has another size. GDBus's worker thread. */
  void (*resized)(void *user, uint32_t width, uint32_t height);
  struct oriel_qemu_console *next; /* the control's */
};

enum { ORIEL_QEMU_CONSOLE_PATH_SIZE = 64 };

struct oriel_qemu_monitor {
  uint16_t width_mm, height_mm;
  uint32_t width, height; /* pixels */
};

struct oriel_qemu_control;

struct oriel_qemu_control_config {
  struct oriel_qemu_clipboard *clipboard; /* takes what QEMU calls for it; it takes a reference */
  gint *alive; /* counts what still waits for GDBus after destroy (atomic) */
  void *user;
  /** QEMU gave a D-Bus connection and answered: how many consoles it has, and whether sound. */
  void (*ready)(void *user, unsigned consoles, bool has_audio);
  /** It refused, or the connection ended; `refusal` holds QEMU's words when it refused add_client, else NULL.
   *  `rejected`: its D-Bus did not let us log in. */
  void (*failed)(void *user, const char *refusal, bool rejected);
};

/** Asks for the connection. The QMP client must outlive the control. 0, -errno. */
int oriel_qemu_control_create(struct oriel_qmp *qmp, const struct oriel_qemu_control_config *config,
                              struct oriel_qemu_control **control);
/** Ends the connection without waiting, and forgets the consoles. May be called from inside ready and failed; neither
 *  is called again. */
void oriel_qemu_control_destroy(struct oriel_qemu_control *control);
/** Whether QEMU has a clipboard, once ready. */
bool oriel_qemu_control_has_clipboard(const struct oriel_qemu_control *control);
/** The connection, once ready; borrowed. */
GDBusConnection *oriel_qemu_control_connection(const struct oriel_qemu_control *control);
/** What is known of a console by now. */
struct oriel_qemu_console_facts oriel_qemu_control_console(struct oriel_qemu_control *control, unsigned number);
/** Releases what a former client left held down on the console and starts sending input, once ready. `absolute` follows
 *  by itself from then on. */
void oriel_qemu_control_take(struct oriel_qemu_control *control, struct oriel_qemu_console *console, bool has_touch);
/** Stops sending its input. One that is not taken is fine. */
void oriel_qemu_control_release(struct oriel_qemu_control *control, struct oriel_qemu_console *console);
/** Path of a console's object. */
void oriel_qemu_console_path(unsigned number, char path[ORIEL_QEMU_CONSOLE_PATH_SIZE]);
/** Has the guest find a monitor of that size at a console. `done` (NULL = nobody asks) is called with the answer, or
 *  soon once `cancellable` (NULL = as long as the connection lives) is cancelled: a stopped QEMU answers nothing. */
void oriel_qemu_console_set_monitor(GDBusConnection *connection, unsigned number,
                                    const struct oriel_qemu_monitor *monitor, GCancellable *cancellable,
                                    GAsyncReadyCallback done, gpointer user);

#endif
