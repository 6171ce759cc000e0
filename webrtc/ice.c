/* SPDX-License-Identifier: MIT
 *
 * Credentials, candidates, and whether the peer still wants anything. Caller's thread.
 */
#include "webrtc/ice.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_ice_text(const char *text, size_t size, size_t least, size_t most) {
  if (size < least || size > most)
    return false;
  for (size_t i = 0; i < size; i++)
    if (!text[i] || !strchr(ice_chars, text[i]))
      return false;
  return true;
}

bool oriel_ice_ufrag_valid(const char *text, size_t size) {
  return is_ice_text(text, size, 4, ORIEL_ICE_UFRAG_MAX);
}

bool oriel_ice_password_valid(const char *text, size_t size) {
  return is_ice_text(text, size, 22, 256);
}

/** `size` random characters, each of 64. */
static bool make_text(char *text, size_t size) {
  uint8_t random[ORIEL_ICE_PASSWORD_SIZE];
  if (RAND_bytes(random, (int)size) != 1)
    return false;
  for (size_t i = 0; i < size; i++)
    text[i] = ice_chars[random[i] & 63];
  text[size] = '\0';
  return true;
}

static int make_credentials(struct oriel_ice_credentials *credentials, const char *peer_ufrag, size_t size) {
  struct oriel_ice_credentials made = { .peer_ufrag = "" };
  if (!oriel_ice_ufrag_valid(peer_ufrag, size))
    return -EINVAL;
  if (!make_text(made.ufrag, ORIEL_ICE_UFRAG_SIZE) || !make_text(made.password, ORIEL_ICE_PASSWORD_SIZE))
    return -EIO;
  memcpy(made.peer_ufrag, peer_ufrag, size);
  *credentials = made;
  return 0;
}

int oriel_ice_init(struct oriel_ice *ice, const char *peer_ufrag, size_t size, uint64_t now_ns) {
  struct oriel_ice_credentials made;
  const int error = make_credentials(&made, peer_ufrag, size);
  if (error)
    return error;
  *ice = (struct oriel_ice){ .current = made, .start_ns = now_ns };
  oriel_ice_pairs_init(&ice->pairs);
  return 0;
}

/* A second restart before the first succeeded replaces it: what works is what came before both. */
int oriel_ice_restart(struct oriel_ice *ice, const char *peer_ufrag, size_t size) {
  struct oriel_ice_credentials made;
  const int error = make_credentials(&made, peer_ufrag, size);
  if (error)
    return error;
  if (!*ice->previous.peer_ufrag)
    ice->previous = ice->current;
  ice->current = made;
  return 0;
}

/* ---- the peer's addresses ---- */

void oriel_ice_heard(struct oriel_ice *ice, const struct oriel_webrtc_path *from, uint64_t now_ns) {
  oriel_ice_pairs_heard(&ice->pairs, from, now_ns);
}

void oriel_ice_tick(struct oriel_ice *ice, uint64_t now_ns) {
  oriel_ice_pairs_tick(&ice->pairs, now_ns);
}

bool oriel_ice_may_send(const struct oriel_ice *ice, uint64_t now_ns) {
  return oriel_ice_pairs_may_send(&ice->pairs, now_ns);
}

bool oriel_ice_valid(const struct oriel_ice *ice, const struct oriel_webrtc_address *from) {
  return oriel_ice_pairs_know(&ice->pairs, from);
}

uint64_t oriel_ice_heard_ns(const struct oriel_ice *ice, const struct oriel_webrtc_address *from) {
  return oriel_ice_pairs_heard_ns(&ice->pairs, from);
}

const struct oriel_webrtc_path *oriel_ice_peer(const struct oriel_ice *ice) {
  return oriel_ice_pairs_peer(&ice->pairs);
}

enum oriel_ice_state oriel_ice_state(const struct oriel_ice *ice, uint64_t now_ns) {
  if (!ice->pairs.heard_ns)
    return now_ns - ice->start_ns < ORIEL_ICE_START_NS ? ORIEL_ICE_NEW : ORIEL_ICE_LOST;
  if (now_ns - ice->pairs.heard_ns < ORIEL_ICE_QUIET_NS)
    return ORIEL_ICE_CONNECTED;
  return now_ns - ice->pairs.heard_ns < ORIEL_ICE_LOST_NS ? ORIEL_ICE_QUIET : ORIEL_ICE_LOST;
}

uint64_t oriel_ice_deadline(const struct oriel_ice *ice, uint64_t now_ns) {
  switch (oriel_ice_state(ice, now_ns)) {
    case ORIEL_ICE_NEW:
      return ice->start_ns + ORIEL_ICE_START_NS;
    case ORIEL_ICE_CONNECTED:
      return ice->pairs.heard_ns + ORIEL_ICE_QUIET_NS;
    case ORIEL_ICE_QUIET:
      return ice->pairs.heard_ns + ORIEL_ICE_LOST_NS;
    case ORIEL_ICE_LOST:
      break;
  }
  return 0;
}

size_t oriel_ice_candidate(const struct oriel_webrtc_address *address, unsigned index,
                           char text[ORIEL_ICE_CANDIDATE_MAX]) {
  /* RFC 8445 section 5.1.2: host candidates, their order, component 1. */
  const uint32_t priority = UINT32_C(126) << 24 | (UINT32_C(65535) - (index & 255)) << 8 | 255;
  char ip[ORIEL_WEBRTC_ADDRESS_TEXT];
  oriel_webrtc_address_text(address, ip);
  const int length = snprintf(text, ORIEL_ICE_CANDIDATE_MAX, "candidate:%u 1 udp %" PRIu32 " %s %u typ host", index + 1,
                              priority, ip, address->port);
  return (size_t)length;
}
