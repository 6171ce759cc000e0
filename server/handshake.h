/* SPDX-License-Identifier: MIT
 *
 * The WebSocket opening handshake (RFC 6455 section 4.2): what a client must send and what it is answered. No extension
 * is ever accepted, so nothing is compressed (lesson 31). Thread-safety: stateless.
 */
#ifndef ORIEL_SERVER_HANDSHAKE_H
#define ORIEL_SERVER_HANDSHAKE_H

#include <stdbool.h>

enum { ORIEL_HANDSHAKE_ACCEPT_SIZE = 29 }; /* 28 base64 digits and the final 0 */

/** Header values, NULL where absent. */
struct oriel_handshake {
  const char *http_version; /* "HTTP/1.1" */
  const char *upgrade, *connection, *version, *key, *protocol;
};

enum oriel_handshake_result {
  ORIEL_HANDSHAKE_OK,
  ORIEL_HANDSHAKE_NOT_WEBSOCKET, /* 426 */
  ORIEL_HANDSHAKE_VERSION,       /* 426 with Sec-WebSocket-Version: 13 */
  ORIEL_HANDSHAKE_KEY,           /* 400 */
  ORIEL_HANDSHAKE_PROTOCOL,      /* 400: oriel.v1 is not among the offered subprotocols */
  ORIEL_HANDSHAKE_SHORT,         /* 503: no memory to hash the key */
};

/** Checks all of it; on OK `accept` is the Sec-WebSocket-Accept value. */
enum oriel_handshake_result oriel_handshake_check(const struct oriel_handshake *handshake,
                                                  char accept[ORIEL_HANDSHAKE_ACCEPT_SIZE]);
/** True when `token` is an element of the comma-separated list (RFC 9110 section 5.6.1). NULL list: false. */
bool oriel_handshake_list_has(const char *list, const char *token, bool any_case);

#endif
