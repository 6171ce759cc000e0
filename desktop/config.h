/* SPDX-License-Identifier: MIT
 *
 * What a desktop is made with.
 *
 * Thread-safety: values.
 */
#ifndef ORIEL_DESKTOP_CONFIG_H
#define ORIEL_DESKTOP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "desktop/delivery.h"
#include "source/clipboard_end.h"
#include "source/guest_audio.h"

enum { ORIEL_DESKTOP_VIEWERS_MAX = 256 };

/** Which way texts of clipboards go; BOTH is the other two. */
enum oriel_clipboard_way {
  ORIEL_CLIPBOARD_NONE = 0,
  ORIEL_CLIPBOARD_TO_GUEST = 1,
  ORIEL_CLIPBOARD_FROM_GUEST = 2,
  ORIEL_CLIPBOARD_BOTH = 3,
};

struct oriel_desktop_config {
  const char *encoder;    /* name in the encoder table, borrowed until destroy; NULL = the first that works */
  uint32_t fps;           /* 1..240 */
  uint32_t bitrate_kbps;  /* 0 = by size */
  unsigned cpu_percent;   /* of one core, that making pictures may take, 5..100; 0 = no limit */
  unsigned opus_frame_ms; /* 5, 10, 20 */
  unsigned opus_kbps;     /* 16..510 */
  struct oriel_guest_audio *guest_audio; /* sound from inside the guest; NULL = none. Taken over, as the source is */
  struct oriel_clipboard_end *clipboard_end; /* of the guest's clipboard, beside the source's; NULL = none. Taken over */
  enum oriel_clipboard_way clipboard;
  enum oriel_control control;
  bool audio_passthru;    /* play it on this host's speakers, too; that counts as somebody who listens */
  /** Something waits in at least one mailbox. Called once per packet, not once per viewer; must not block. */
  void (*wake)(void *user);
  void *user;
};

#endif
