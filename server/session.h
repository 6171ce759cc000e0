/* SPDX-License-Identifier: MIT
 *
 * Browser sessions: random ids handed out in a cookie instead of the token (lesson 35), at most 1024, for 24 hours.
 * Browsers send a cookie to every port of the host, so each session has a second secret that only the page holds
 * (lesson 48). Only hashes of both are kept. Thread-safety: one owner, the loop thread.
 */
#ifndef ORIEL_SERVER_SESSION_H
#define ORIEL_SERVER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/credential.h"

enum {
  ORIEL_COOKIES_MAX = 4, /* sessions that one request may have to choose from */
  ORIEL_SESSIONS_MAX = 1024,
  ORIEL_SESSIONS_NARROW_MAX = 128, /* of one token that does not open all desktops */
  ORIEL_SESSION_SECONDS = 24 * 3600,
};

struct oriel_session {
  struct oriel_secret id, secret;
  struct oriel_secret key; /* of the token that it began with: what it opens is what that opens */
  bool view;               /* it may only watch */
  bool below;              /* its cookie is for the paths of one desktop */
  uint64_t expires_ns;
  uint64_t serial; /* 0 = the slot is free; never used twice */
};

struct oriel_sessions {
  struct oriel_session *slots; /* ORIEL_SESSIONS_MAX */
  uint64_t next_serial;
};

/** 0, -ENOMEM. */
int oriel_sessions_init(struct oriel_sessions *sessions);
void oriel_sessions_finish(struct oriel_sessions *sessions);
/** How a session begins. */
struct oriel_session_start {
  struct oriel_secret key;
  bool view, below;
  bool narrow; /* its token does not open all desktops */
};

/** Makes a session and writes its id and its second secret, which are kept nowhere else, and its serial (NULL is fine).
 *  Without an id (NULL) no cookie is good for it until it is claimed. When all slots are taken the one nearest its end
 *  makes room; sessions that only watch have half of the slots and push out none but their like. A narrow one beyond
 *  128 of its token, or where all are taken, pushes out one of that token, if there is one. 0, or -errno of
 *  getrandom. */
int oriel_sessions_create(struct oriel_sessions *sessions, const struct oriel_session_start *start, uint64_t now_ns,
                          char id[ORIEL_SESSION_ID_SIZE + 1], char secret[ORIEL_SESSION_ID_SIZE + 1], uint64_t *serial);
/** Gives the live session of this second secret its id, once. 0; -ENOENT: there is none without an id that began with
 *  such a token; or -errno of getrandom. */
int oriel_sessions_claim(struct oriel_sessions *sessions, const char *secret, const struct oriel_secret *key,
                         uint64_t now_ns, char id[ORIEL_SESSION_ID_SIZE + 1]);
/** Serial of the live session with this id, or 0. */
uint64_t oriel_sessions_find(const struct oriel_sessions *sessions, const char *id, size_t size, uint64_t now_ns);
/** True when `secret` is the second secret of this live session. Constant time in the secret. */
bool oriel_sessions_prove(const struct oriel_sessions *sessions, uint64_t serial, const char *secret, size_t size,
                          uint64_t now_ns);
/** This live session; NULL where there is none. Borrowed until the next one is made or removed. */
const struct oriel_session *oriel_sessions_get(const struct oriel_sessions *sessions, uint64_t serial, uint64_t now_ns);
/** True while the session lives. */
bool oriel_sessions_alive(const struct oriel_sessions *sessions, uint64_t serial, uint64_t now_ns);
void oriel_sessions_remove(struct oriel_sessions *sessions, uint64_t serial);
size_t oriel_sessions_count(const struct oriel_sessions *sessions, uint64_t now_ns);

#endif
