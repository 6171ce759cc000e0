/* SPDX-License-Identifier: MIT
 *
 * A session's queues, and its end. Network thread.
 */
#include "webrtc/session_state.h"

#include "webrtc/rtp_unit.h"

static void drop_queues(struct oriel_webrtc_session *session) {
  for (unsigned i = 0; i < session->picture_count; i++)
    oriel_rtp_unit_unref(session->pictures[i].unit);
  session->picture_count = 0;
  while (session->sound_count)
    oriel_rtp_unit_unref(oriel_session_next_sound(session));
  session->repeat_count = 0;
}

void oriel_session_end(struct oriel_webrtc_session *session, enum oriel_webrtc_cause cause, const char *reason) {
  if (session->state == ORIEL_WEBRTC_ENDED)
    return;
  session->state = ORIEL_WEBRTC_ENDED;
  session->cause = cause;
  session->reason = reason;
  drop_queues(session);
}

bool oriel_session_queue_sound(struct oriel_webrtc_session *session, struct oriel_rtp_unit *unit) {
  if (session->sound_count == SESSION_SOUNDS) {
    oriel_rtp_unit_unref(unit);
    return false;
  }
  session->sounds[(session->sound_first + session->sound_count++) % SESSION_SOUNDS] = unit;
  return true;
}

bool oriel_session_queue_picture(struct oriel_webrtc_session *session, struct oriel_rtp_unit *unit, uint32_t sequence) {
  if (session->picture_count == SESSION_PICTURES) {
    oriel_rtp_unit_unref(unit);
    return false;
  }
  session->picture_time = session->video.config.first_timestamp + unit->timestamp;
  session->pictures[session->picture_count++] = (struct session_picture){.unit = unit, .sequence = sequence};
  return true;
}

struct oriel_rtp_unit *oriel_session_next_sound(struct oriel_webrtc_session *session) {
  if (!session->sound_count)
    return NULL;
  session->sound_count--;
  return session->sounds[session->sound_first++ % SESSION_SOUNDS];
}

void oriel_session_picture_left(struct oriel_webrtc_session *session, uint64_t now_ns) {
  session->picture_left = true;
  session->left_sequence = session->pictures[0].sequence;
  session->left_ns = now_ns;
  oriel_rtp_unit_unref(session->pictures[0].unit);
  session->pictures[0] = session->pictures[1];
  session->picture_count--;
}
