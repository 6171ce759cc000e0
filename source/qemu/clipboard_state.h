/* SPDX-License-Identifier: MIT
 *
 * The state of QEMU's clipboard, which its files share: clipboard.c is its life and registration, clipboard_calls.c
 * what QEMU calls and what it is given, clipboard_fetch.c the guest's texts.
 *
 * Thread-safety: as the members say.
 */
#ifndef ORIEL_SOURCE_QEMU_CLIPBOARD_STATE_H
#define ORIEL_SOURCE_QEMU_CLIPBOARD_STATE_H

#include <gio/gio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"
#include "core/rate_limit.h"
#include "source/qemu/clipboard_events.h"

#define CLIPBOARD_SUBSYSTEM "source/qemu"
#define CLIPBOARD_PATH "/org/qemu/Display1/Clipboard"
#define CLIPBOARD_INTERFACE "org.qemu.Display1.Clipboard"
#define CLIPBOARD_MIME "text/plain;charset=utf-8"

enum {
  CLIPBOARD_SELECTION = 0,  /* what Ctrl+C and Ctrl+V mean; 1 is the primary selection of X11 */
  CLIPBOARD_GRABS_MAX = 8,  /* offers of ours without an answer */
  CLIPBOARD_UNSENT_MAX = 8, /* answers that wait for QEMU to read them, up to 1 MiB each */
};

struct oriel_qemu_clipboard {
  gint refs; /* atomic, by g_atomic_int: its owner's, and one for each call that waits */
  gint *alive;
  GMainContext *context;
  struct oriel_qemu_clipboard_events events;
  pthread_mutex_t lock; /* guards what follows */
  GDBusConnection *connection; /* NULL = none */
  bool registered, agent;
  struct oriel_packet *text; /* ours, while the guest may ask for it; NULL */
  uint32_t serial;           /* of the newest offer, anybody's */
  uint32_t grabs[CLIPBOARD_GRABS_MAX]; /* numbers of our calls that wait for an answer */
  unsigned grab_count;
  bool grab_due;  /* there was no room for another */
  bool changed;   /* the guest's clipboard has something else, which was not looked at */
  bool offered;   /* that is a text */
  GSource *turn;  /* a turn of the session's thread that is due */
  unsigned unsent; /* GDBus's worker thread only */
  /* The session's thread only. */
  bool dead, wanted, fetching, cleared; /* cleared: a former client was unregistered */
  GCancellable *calls;
  GSource *timer; /* the next fetch */
  struct oriel_rate_limit pace;
  uint64_t logged_ns; /* when something of the guest's was last complained of */
};

/** References keep its memory, nothing more; any thread. */
struct oriel_qemu_clipboard *oriel_qemu_clipboard_ref(struct oriel_qemu_clipboard *clipboard);
void oriel_qemu_clipboard_unref(gpointer clipboard);

#endif
