/* SPDX-License-Identifier: MIT
 *
 * A QEMU that is none: QMP and the D-Bus display of up to two consoles, in this process, saying whatever a test wants it
 * to.
 * Thread-safety: every function from the test's thread.
 */
#ifndef ORIEL_TESTS_SOURCE_FAKE_QEMU_H
#define ORIEL_TESTS_SOURCE_FAKE_QEMU_H

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <stdbool.h>

struct fake_qemu;

/** Which listener; SECOND is that of the second console's display. */
enum { FAKE_DISPLAY, FAKE_SOUND, FAKE_MICROPHONE, FAKE_SECOND, FAKE_LISTENERS };

struct fake_qemu_options {
  int major, minor;      /* of the version; 0 = 10.0 */
  bool silent;           /* accepts and says nothing */
  bool refuse_add_client, refuse_sound, refuse_resize;
  bool has_audio, has_touch, absolute;
  bool answers_nothing;  /* to input */
  const char *keyboard;  /* QOM type of the one device that there is; NULL = none that is one */
  const char *mouse;     /* name of the current one in query-mice */
  const char *status;    /* NULL = "running" */
  bool raw;              /* listeners are plain sockets for fake_qemu_raw; nobody reads them */
  bool mute;             /* registers listeners and never talks to them */
  bool deaf;             /* takes add_client and never talks on D-Bus */
  bool rejects;          /* takes add_client and lets nobody log in */
  bool refuse_listener;
  const char *claim;     /* what query-chardev says of a claim that exists; NULL = there is none */
  bool virtio_gpu;       /* has one; fake_qemu_queued moves its queue */
  bool two_consoles;
};

/** Listens at `path`. */
struct fake_qemu *fake_qemu_start(const char *path, const struct fake_qemu_options *options);
/** Dies: all connections end and the socket goes. */
void fake_qemu_stop(struct fake_qemu *fake);

/** Waits for the registration of the listener number `count` (from 1). */
bool fake_qemu_wait_listener(struct fake_qemu *fake, unsigned which, unsigned count);
/** Calls a method of the listener. NULL, or the error's message (g_free). Takes a floating body. */
char *fake_qemu_call(struct fake_qemu *fake, unsigned which, const char *interface, const char *member, GVariant *body,
                     GUnixFDList *fds);
/** The same, with the answer (g_variant_unref; NULL when refused, with the message in *refused). */
GVariant *fake_qemu_ask(struct fake_qemu *fake, unsigned which, const char *interface, const char *member,
                        GVariant *body, GUnixFDList *fds, char **refused);
/** What the listener's property Interfaces holds, joined by spaces (g_free). */
char *fake_qemu_interfaces(struct fake_qemu *fake, unsigned which);
/** The socket of the latest listener, after authentication; the caller's from then on. -1 = none. */
int fake_qemu_raw(struct fake_qemu *fake, unsigned which);
/** The private connection of the listener ends. */
void fake_qemu_drop_listener(struct fake_qemu *fake, unsigned which);
/** Closes the control connection. */
void fake_qemu_drop_control(struct fake_qemu *fake);
/** A property of the console object changed; `fake_qemu_property_of` chooses among two. Takes a floating value. */
void fake_qemu_property_of(struct fake_qemu *fake, unsigned console, const char *interface, const char *name,
                           GVariant *value);
void fake_qemu_property(struct fake_qemu *fake, const char *interface, const char *name, GVariant *value);
/** What query-status says from now on; static. */
void fake_qemu_status(struct fake_qemu *fake, const char *status);
/** The guest has queued so many commands to its virtio graphics card. */
void fake_qemu_queued(struct fake_qemu *fake, unsigned count);
/** The claim that was there ends. */
void fake_qemu_unclaim(struct fake_qemu *fake);
/** Sends a QMP line as it is. */
void fake_qemu_say(struct fake_qemu *fake, const char *line);

/** Everything asked so far, one call a line: "Press(30)", "SetUIInfo(…)", "qmp stop"; calls on the second console begin
 *  with "1:". Waits until `text` is in it. */
bool fake_qemu_wait_log(struct fake_qemu *fake, const char *text);
/** The log so far (g_free). */
char *fake_qemu_log(struct fake_qemu *fake);
/** How many lines of the log start with `text`. */
unsigned fake_qemu_count(struct fake_qemu *fake, const char *text);

#endif
