/* SPDX-License-Identifier: MIT
 *
 * Judging and answering a peer's checks. What is not authentic is not answered at all: an answer would tell a stranger
 * that somebody is here, and could be sent to a third party. Caller's thread.
 */
#include <errno.h>
#include <string.h>

#include "webrtc/ice.h"

const char *oriel_ice_target(const struct oriel_stun_message *message, size_t *size) {
  const char *username = (const char *)message->username;
  const char *colon = username ? memchr(username, ':', message->username_size) : NULL;
  if (!colon)
    return NULL;
  *size = (size_t)(colon - username);
  return username;
}

/** USERNAME is "ours:theirs". */
static bool is_for(const struct oriel_stun_message *message, const struct oriel_ice_credentials *credentials) {
  const size_t theirs = strlen(credentials->peer_ufrag);
  const uint8_t *username = message->username;
  return theirs && username && message->username_size == ORIEL_ICE_UFRAG_SIZE + 1 + theirs &&
         !memcmp(username, credentials->ufrag, ORIEL_ICE_UFRAG_SIZE) && username[ORIEL_ICE_UFRAG_SIZE] == ':' &&
         !memcmp(username + ORIEL_ICE_UFRAG_SIZE + 1, credentials->peer_ufrag, theirs);
}

/** A copy of a check that somebody sends from elsewhere, or to another address of ours, must not lead us there. A
 *  peer's own repetition comes by the way of the first one. */
static bool is_copy(struct oriel_ice *ice, const struct oriel_stun_message *message,
                    const struct oriel_webrtc_path *from) {
  for (unsigned i = 0; i < ORIEL_ICE_RECENT_MAX; i++)
    if (ice->recent[i].from.peer.size &&
        !memcmp(ice->recent[i].transaction, message->transaction, ORIEL_STUN_TRANSACTION_SIZE))
      return !oriel_webrtc_path_equal(&ice->recent[i].from, from);
  memcpy(ice->recent[ice->recent_next].transaction, message->transaction, ORIEL_STUN_TRANSACTION_SIZE);
  ice->recent[ice->recent_next].from = *from;
  ice->recent_next = (ice->recent_next + 1) % ORIEL_ICE_RECENT_MAX;
  return false;
}

static void add_unknown(struct oriel_stun_writer *writer, const struct oriel_stun_message *message) {
  uint8_t types[2 * ORIEL_STUN_UNKNOWN_MAX];
  size_t size = 0;
  for (unsigned i = 0; i < message->unknown_count && i < ORIEL_STUN_UNKNOWN_MAX; i++) {
    types[size++] = (uint8_t)(message->unknown[i] >> 8);
    types[size++] = (uint8_t)message->unknown[i];
  }
  oriel_stun_add(writer, ORIEL_STUN_UNKNOWN_ATTRIBUTES, types, size);
}

/** Its size; `ours` signs. */
static size_t write_answer(const struct oriel_stun_message *message, const struct oriel_webrtc_address *from,
                           const struct oriel_ice_credentials *ours, uint8_t answer[ORIEL_ICE_ANSWER_MAX]) {
  struct oriel_stun_writer writer;
  const bool good = !message->unknown_count && !message->controlled;
  oriel_stun_begin(&writer, answer, ORIEL_ICE_ANSWER_MAX, good ? ORIEL_STUN_BINDING_SUCCESS : ORIEL_STUN_BINDING_ERROR,
                   message->transaction);
  if (message->unknown_count) {
    oriel_stun_add_error(&writer, 420, "Unknown Attribute");
    add_unknown(&writer, message);
  } else if (message->controlled) {
    oriel_stun_add_error(&writer, 487, "Role Conflict"); /* a lite agent never controls */
  } else {
    oriel_stun_add_address(&writer, from);
  }
  return oriel_stun_finish(&writer, ours->password, ORIEL_ICE_PASSWORD_SIZE);
}

int oriel_ice_check(struct oriel_ice *ice, const struct oriel_stun_message *message,
                    const struct oriel_webrtc_path *from, uint64_t now_ns, uint8_t answer[ORIEL_ICE_ANSWER_MAX]) {
  const struct oriel_ice_credentials *ours = is_for(message, &ice->current) ? &ice->current : &ice->previous;
  if (message->type != ORIEL_STUN_BINDING_REQUEST)
    return 0;
  if (!is_for(message, ours) || !oriel_stun_authentic(message, ours->password, ORIEL_ICE_PASSWORD_SIZE))
    return -EACCES;
  if (is_copy(ice, message, from))
    return 0;
  const size_t size = write_answer(message, &from->peer, ours, answer);
  if (message->unknown_count || message->controlled)
    return (int)size;
  oriel_ice_pairs_check(&ice->pairs, from, message->use_candidate, now_ns);
  if (message->use_candidate && ours == &ice->current)
    ice->previous = (struct oriel_ice_credentials){ .peer_ufrag = "" };
  return (int)size;
}
