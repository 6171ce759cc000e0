/* SPDX-License-Identifier: MIT
 *
 * The log-in of a page that sends its token as the first message of its WebSocket, so that the picture does not wait
 * for POST /session, which then gives the session its cookie. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_LOGIN_H
#define ORIEL_SERVER_LOGIN_H

#include "server/gate.h"
#include "wire/viewer.h"

struct oriel_login {
  uint64_t session; /* serial */
  bool view;        /* it may only watch */
  char secret[ORIEL_SESSION_ID_SIZE + 1];
};

/** Judges the token and begins a session. 0; UNAUTHORISED; LIMITED after too many wrong ones; GOING_AWAY without random
 *  numbers. */
enum oriel_viewer_reason oriel_login_viewer(struct oriel_server *server, const struct oriel_gate_client *client,
                                            const char *token, size_t size, struct oriel_login *login);

#endif
