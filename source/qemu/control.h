/* SPDX-License-Identifier: MIT
 *
 * The control connection: a private D-Bus connection to QEMU, obtained over QMP, with what QEMU exports on it.
 *
 * Thread-safety: everything on the source's thread (thread-default GMainContext `context`), but for the traffic that
 * concerns input, which GDBus's worker thread hands to the oriel_qemu_input.
 */
#ifndef ORIEL_SOURCE_QEMU_CONTROL_H
#define ORIEL_SOURCE_QEMU_CONTROL_H

#include <gio/gio.h>
#include <stdbool.h>

#include "source/qemu/input.h"
#include "source/qemu/qmp.h"
#include "source/source.h"

/** What QEMU's object manager says about the chosen console. */
struct oriel_qemu_objects {
  unsigned consoles;
  bool has_console, has_audio, has_touch, absolute;
  bool has_leds;
  unsigned locks; /* the guest's LEDs, ORIEL_LOCK_* */
  uint32_t width, height; /* pixels; 0 = not said */
};

struct oriel_qemu_control;

struct oriel_qemu_control_config {
  unsigned console;
  const struct oriel_source_sink *sink;
  struct oriel_qemu_input *input;
  gint *alive; /* counts what still waits for GDBus after destroy (atomic) */
  void *user;
  /** The console has another size. GDBus's worker thread. */
  void (*resized)(void *user, uint32_t width, uint32_t height);
  /** QEMU gave a D-Bus connection and answered. */
  void (*ready)(void *user, const struct oriel_qemu_objects *objects);
  /** It refused, or the connection ended; `refusal` holds QEMU's words when it refused add_client, else NULL.
   *  `rejected`: its D-Bus did not let us log in. */
  void (*failed)(void *user, const char *refusal, bool rejected);
};

/** Asks for the connection. The QMP client must outlive the control. 0, -errno. */
int oriel_qemu_control_create(struct oriel_qmp *qmp, const struct oriel_qemu_control_config *config,
                              struct oriel_qemu_control **control);
/** Ends the connection without waiting. May be called from inside ready and failed; neither is called again. */
void oriel_qemu_control_destroy(struct oriel_qemu_control *control);
/** Path of the chosen console's object; borrowed. */
const char *oriel_qemu_control_path(const struct oriel_qemu_control *control);
/** The connection, once ready; borrowed. */
GDBusConnection *oriel_qemu_control_connection(const struct oriel_qemu_control *control);
/** Releases what a former client left held down and starts sending input. `absolute` follows by itself from then on. */
void oriel_qemu_control_take_input(struct oriel_qemu_control *control, bool has_touch);

#endif
