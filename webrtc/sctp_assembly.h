/* SPDX-License-Identifier: MIT
 *
 * A message of SCTP that comes in pieces: one at a time, of a bounded size, and wiped when it is not needed any more,
 * since it may hold a secret.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_SCTP_ASSEMBLY_H
#define ORIEL_WEBRTC_SCTP_ASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SCTP_ASSEMBLY_MAX = 1024 * 1024, /* bytes of a message */
  SCTP_PIECE_ROOM = 512,           /* that there is room for at least */
};

/** Zeroed at first. */
struct sctp_assembly {
  uint8_t *data; /* owned */
  size_t size, room;
  uint16_t stream;
  bool complete;
};

/** Where the next piece goes, of a new message once one was complete; *room bytes, SCTP_PIECE_ROOM or more. NULL: the
 *  message has as much as one may, or memory is short. */
uint8_t *sctp_assembly_room(struct sctp_assembly *assembly, size_t *room);
/** A piece of `size` bytes of a stream was put there. 0: more is to come; 1: that was the last, and the message is
 *  whole until room is asked for; -EMSGSIZE: it is larger than one may be; -EPROTO: another stream's is not whole yet. */
int sctp_assembly_add(struct sctp_assembly *assembly, uint16_t stream, size_t size, bool last);
/** The rest of it will never come. */
void sctp_assembly_drop(struct sctp_assembly *assembly);
void sctp_assembly_finish(struct sctp_assembly *assembly);

#endif
