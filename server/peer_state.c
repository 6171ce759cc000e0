/* SPDX-License-Identifier: MIT
 *
 * What a viewer may do, and how it leaves its desktop. Loop thread.
 */
#include "server/peer_state.h"

#include <stdio.h>

#include "server/audit.h"

enum oriel_party oriel_peer_party(const struct oriel_peer *peer) {
  if (!peer->proved)
    return ORIEL_PARTY_ANYBODY;
  if (peer->view)
    return ORIEL_PARTY_WATCHER;
  return peer->viewer && oriel_viewer_controls(peer->viewer) ? ORIEL_PARTY_CONTROLLER : ORIEL_PARTY_USER;
}

void oriel_peer_note_controls(struct oriel_peer *peer) {
  bool has = peer->viewer && oriel_viewer_controls(peer->viewer);
  if (has != peer->had_controls) {
    char name[ORIEL_VIEWER_NAME_MAX + 1];
    oriel_audit_sanitize(oriel_viewer_name(peer->viewer), name, sizeof name);
    oriel_audit(has ? "controls-taken" : "controls-lost", peer->address, oriel_mount_named(peer->mount, peer->named),
                "viewer=%u name=\"%s\"", oriel_viewer_id(peer->viewer), name);
  }
  peer->had_controls = has;
}

void oriel_peer_leave(struct oriel_peer *peer) {
  if (!peer->viewer)
    return;
  char name[ORIEL_VIEWER_NAME_MAX + 1];
  oriel_audit_sanitize(oriel_viewer_name(peer->viewer), name, sizeof name);
  oriel_audit("left", peer->address, oriel_mount_named(peer->mount, peer->named),
              "viewer=%u role=%s seconds=%llu reason=%u name=\"%s\"", oriel_viewer_id(peer->viewer),
              oriel_party_name(oriel_peer_party(peer)),
              (unsigned long long)((oriel_clock_ns() - peer->joined_ns) / ORIEL_NS_PER_SECOND), peer->reason, name);
  oriel_media_finish(&peer->media);
  oriel_viewer_detach(peer->viewer);
  peer->viewer = NULL;
}

void oriel_peer_close_begin(struct oriel_peer *peer, unsigned reason, uint16_t code, const char *text,
                            uint64_t limit_ns) {
  if (peer->phase >= PEER_CLOSING)
    return;
  peer->reason = reason;
  oriel_peer_leave(peer);
  /* A message that has not begun gives way; one that is torn must be completed first. */
  if (!oriel_outbox_torn(&peer->outbox))
    oriel_outbox_clear(&peer->outbox);
  peer->phase = PEER_CLOSING;
  peer->close_code = code;
  peer->bye_waiting = text != NULL;
  snprintf(peer->bye_text, sizeof peer->bye_text, "%s", text ? text : "");
  peer->deadline_ns = oriel_clock_ns() + limit_ns;
}

int64_t oriel_peer_path_us(struct oriel_peer *peer) {
  return peer->reached ? oriel_path_excess_us(&peer->path, peer->link->fd) : INT64_MAX;
}
