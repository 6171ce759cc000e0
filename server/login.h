/* SPDX-License-Identifier: MIT
 *
 * Logging in: what a token that a client shows is good for, and the session that begins with it. Whether it came with a
 * request or as the first message of a page's WebSocket, so that the picture need not wait for POST /session, is all
 * the same here. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_LOGIN_H
#define ORIEL_SERVER_LOGIN_H

#include "server/mounts.h"

/** Who shows a token: for limits and log. */
struct oriel_login_client {
  const struct oriel_mount *mount; /* the desktop that it is to open; NULL = any */
  bool named;                      /* came by its name */
  struct oriel_address_key key;
  const char *address, *at; /* at: the route's path */
};

/** What came of it. */
struct oriel_login_key {
  struct oriel_secret secret; /* the token's */
  bool all;                   /* it opens every desktop */
  unsigned wait;              /* 0, or the seconds until another wrong one is counted */
};

/** What a page is told after its log-in at a WebSocket. */
struct oriel_login {
  uint64_t session; /* serial */
  bool view;        /* it may only watch */
  char secret[ORIEL_SESSION_ID_SIZE + 1];
};

/** What both 429 and BYE with LIMITED say. */
extern const char oriel_login_limited[];

/** What `token` is good for. A wrong one is counted and logged; after too many it is not, and key->wait says so. */
enum oriel_right oriel_login_judge(const struct oriel_mounts *mounts, const struct oriel_login_client *client,
                                   const char *token, size_t size, struct oriel_login_key *key);
/** How a session by such a token begins; `named`: the client named the desktop. */
struct oriel_session_start oriel_login_start(const struct oriel_login_key *key, enum oriel_right right, bool named);
/** Makes a session, with an id or without (NULL), as oriel_sessions_create; it is logged, and the desktop expects a
 *  viewer. 0, -errno. */
int oriel_login_begin(const struct oriel_mounts *mounts, const struct oriel_login_client *client,
                      const struct oriel_session_start *start, char *id, char *secret, uint64_t *serial);
/** Judges the token and begins a session without an id. 0; UNAUTHORISED; LIMITED after too many wrong ones; GOING_AWAY
 *  without random numbers. */
enum oriel_viewer_reason oriel_login_viewer(const struct oriel_mounts *mounts, const struct oriel_login_client *client,
                                            const char *token, size_t size, struct oriel_login *login);

#endif
