/* SPDX-License-Identifier: MIT
 *
 * What a desktop and its viewers keep of clipboards: see clipboard.h.
 *
 * Thread-safety: as the members say.
 */
#ifndef ORIEL_DESKTOP_CLIPBOARD_STATE_H
#define ORIEL_DESKTOP_CLIPBOARD_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "source/clipboard_end.h"

struct oriel_clipboard_stats {
  uint64_t to_guest, from_guest; /* texts that arrived there */
  uint64_t to_guest_bytes, from_guest_bytes;
  uint64_t echoes;  /* texts that were known already */
  uint64_t refused; /* pieces and texts of viewers that were not taken */
};

struct oriel_clipboard {
  struct oriel_clipboard_end_sink sink; /* constant once started */
  pthread_mutex_t lock; /* guards what follows; a leaf */
  struct oriel_packet *text; /* the newest; NULL = none, or the guest has something else */
  bool from_guest;           /* that one */
  uint64_t at_ns;            /* since when */
  uint32_t viewer;           /* who had the controls when the guest told it; 0 = nobody */
  uint64_t owner;            /* of that one; 0 = unknown */
  struct oriel_clipboard_stats stats;
  atomic_uint_fast32_t told; /* counts texts of the guest; written under the lock */
  /* Network thread only: what came of a viewer's text. */
  struct oriel_packet *draft; /* size: room for as much; NULL = none */
  size_t draft_size, draft_whole;
};

/** A viewer's side of it. Network thread only. */
struct oriel_clipboard_reader {
  size_t piece_max;     /* bytes of one delivery; 0 = it takes none; constant */
  uint32_t told;        /* as of the newest text that it was offered */
  struct oriel_packet *text; /* on its way; or NULL */
  size_t offset;        /* that far */
  bool kept;            /* it is from before this viewer had the controls */
  uint32_t number;      /* counts texts */
};

#endif
