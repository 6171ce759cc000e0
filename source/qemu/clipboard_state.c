/* SPDX-License-Identifier: MIT
 *
 * References of QEMU's clipboard. Any thread.
 */
#include "source/qemu/clipboard_state.h"

struct oriel_qemu_clipboard *oriel_qemu_clipboard_ref(struct oriel_qemu_clipboard *clipboard) {
  g_atomic_int_inc(&clipboard->refs);
  return clipboard;
}

void oriel_qemu_clipboard_unref(gpointer user) {
  struct oriel_qemu_clipboard *clipboard = user;
  if (!g_atomic_int_dec_and_test(&clipboard->refs))
    return;
  gint *alive = clipboard->alive;
  oriel_packet_unref(clipboard->text);
  g_object_unref(clipboard->calls);
  pthread_mutex_destroy(&clipboard->lock);
  g_free(clipboard);
  g_atomic_int_dec_and_test(alive);
}
