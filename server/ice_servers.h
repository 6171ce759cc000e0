/* SPDX-License-Identifier: MIT
 *
 * STUN and TURN servers that clients of WebRTC are told of, in the header Link (draft-ietf-wish-whep, section 4.4). TURN
 * takes credentials for a time, which anybody who shares a secret with it can make ("A REST API for access to TURN
 * services", draft-uberti-behave-turn-rest; coturn's use-auth-secret).
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_SERVER_ICE_SERVERS_H
#define ORIEL_SERVER_ICE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_ICE_SERVERS_MAX = 8,
  ORIEL_ICE_SERVER_URL_MAX = 255,
  ORIEL_ICE_SERVERS_LINK_MAX = 4096, /* bytes of the longest Link, and its zero */
  ORIEL_TURN_VALID_S = 24 * 3600,    /* how long a credential of TURN is good */
};

struct oriel_ice_servers {
  char *urls[ORIEL_ICE_SERVERS_MAX];
  unsigned count;
  char *secret; /* TURN's; NULL = none of these is of TURN */
};

/** Copies them: `urls`, NULL-terminated or NULL, as "stun:stun.example:3478" or "turns:turn.example?transport=tcp";
 *  `secret`, which a URL of TURN needs, or NULL. 0; -EINVAL with a sentence in `why`, -ENOMEM. Finish is due in any case. */
int oriel_ice_servers_init(struct oriel_ice_servers *servers, const char *const *urls, const char *secret, char *why,
                           size_t why_size);
/** Wipes the secret; of a zeroed one, too. */
void oriel_ice_servers_finish(struct oriel_ice_servers *servers);
/** The value of Link; "" = there are none. With `turn` those of TURN too, with credentials of a user `id` (letters and
 *  digits) that are good for ORIEL_TURN_VALID_S from `now_s`, seconds since 1970: for whoever may watch, and secret. */
void oriel_ice_servers_link(const struct oriel_ice_servers *servers, bool turn, const char *id, uint64_t now_s,
                            char link[ORIEL_ICE_SERVERS_LINK_MAX]);

#endif
