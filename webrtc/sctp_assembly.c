/* SPDX-License-Identifier: MIT
 *
 * Pieces put together. Caller's thread.
 */
#include "webrtc/sctp_assembly.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_ROOM = 4096 }; /* for the next message */

void sctp_assembly_finish(struct sctp_assembly *assembly) {
  if (assembly->data)
    explicit_bzero(assembly->data, assembly->room);
  free(assembly->data);
  *assembly = (struct sctp_assembly){0};
}

/** Of a large one's room nothing is kept. */
static void begin(struct sctp_assembly *assembly) {
  if (!assembly->complete)
    return;
  if (assembly->room > KEPT_ROOM) {
    sctp_assembly_finish(assembly);
    return;
  }
  sctp_assembly_drop(assembly);
  assembly->complete = false;
}

static bool grow(struct sctp_assembly *assembly) {
  struct sctp_assembly larger = *assembly;
  larger.room = assembly->room ? 2 * assembly->room : KEPT_ROOM;
  larger.data = larger.room <= 2 * SCTP_ASSEMBLY_MAX ? malloc(larger.room) : NULL;
  if (!larger.data)
    return false;
  if (assembly->size)
    memcpy(larger.data, assembly->data, assembly->size);
  sctp_assembly_finish(assembly);
  *assembly = larger;
  return true;
}

uint8_t *sctp_assembly_room(struct sctp_assembly *assembly, size_t *room) {
  begin(assembly);
  if (assembly->room - assembly->size < SCTP_PIECE_ROOM && !grow(assembly))
    return NULL;
  *room = assembly->room - assembly->size;
  return assembly->data + assembly->size;
}

int sctp_assembly_add(struct sctp_assembly *assembly, uint16_t stream, size_t size, bool last) {
  if (assembly->size + size > SCTP_ASSEMBLY_MAX)
    return -EMSGSIZE;
  if (assembly->size && assembly->stream != stream)
    return -EPROTO;
  assembly->stream = stream;
  assembly->size += size;
  assembly->complete = last;
  return last;
}

void sctp_assembly_drop(struct sctp_assembly *assembly) {
  if (assembly->data)
    explicit_bzero(assembly->data, assembly->size);
  assembly->size = 0;
}
