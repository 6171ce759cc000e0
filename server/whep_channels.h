/* SPDX-License-Identifier: MIT
 *
 * The data channels of a client of `POST /whep`: `input`, which is what its user does, under the rules of control that
 * hold for every viewer, and `clipboard`.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_CHANNELS_H
#define ORIEL_SERVER_WHEP_CHANNELS_H

#include <stdbool.h>

#include "desktop/delivery.h"
#include "server/dispatch.h"
#include "server/whep_input.h"

struct oriel_mount;
struct oriel_viewer;
struct oriel_webrtc_session;

/** Whose they are; all borrowed until its viewer goes. */
struct oriel_whep_speaker {
  struct oriel_webrtc_session *session;
  struct oriel_viewer *viewer;
  struct oriel_mount *mount;
  const char *address; /* for the log */
  bool named, plays;   /* see whep_client.h */
};

/** Of a client; zeroed at first. */
struct oriel_whep_channels {
  struct oriel_whep_speaker speaker;
  struct oriel_dispatch dispatch;
  struct oriel_whep_input input;
  bool had_controls;                       /* as the log has it */
  bool malformed_told, refused_told;       /* the log has a line of such */
  struct oriel_packet *text; /* of the guest's clipboard, held: it waits until the client takes more. NULL */
  uint64_t messages;
  uint64_t malformed; /* of `input`, left out */
  uint64_t refused;   /* channels, texts that did not go to the guest, and what is of no channel */
};

/** Labels of the channels that are taken; NULL at the end. */
extern const char *const oriel_whep_labels[];

/** Begins, with the client's viewer. */
void oriel_whep_channels_begin(struct oriel_whep_channels *channels, const struct oriel_whep_speaker *speaker,
                               uint64_t now_ns);
/** Does what the client said meanwhile, a bounded piece of it. NULL, or why the client is to end. */
const char *oriel_whep_channels_take(struct oriel_whep_channels *channels, uint64_t now_ns);
/** What is delivered to the viewer concerns them, too: sizes that positions are between, and the guest's texts. */
void oriel_whep_channels_hear(struct oriel_whep_channels *channels, const struct oriel_delivery *delivery);
/** The viewer goes. */
void oriel_whep_channels_end(struct oriel_whep_channels *channels);

#endif
