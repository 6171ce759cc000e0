/* SPDX-License-Identifier: MIT
 *
 * WebSocket opening handshake. Loop thread; stateless.
 */
#include "server/handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>

#include "wire/viewer.h"

bool oriel_handshake_list_has(const char *list, const char *token, bool any_case) {
  size_t token_length = strlen(token);
  while (list && *list) {
    list += strspn(list, " \t,");
    size_t length = strcspn(list, ",");
    const char *element = list;
    list += length;
    while (length && (element[length - 1] == ' ' || element[length - 1] == '\t'))
      length--;
    if (length == token_length &&
        (any_case ? strncasecmp(element, token, length) : strncmp(element, token, length)) == 0)
      return true;
  }
  return false;
}

/** 16 bytes in base64: 22 digits and "==". */
static bool key_valid(const char *key) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key && strlen(key) == 24 && strspn(key, digits) == 22 && strcmp(key + 22, "==") == 0;
}

enum oriel_handshake_result oriel_handshake_check(const struct oriel_handshake *handshake,
                                                  char accept[ORIEL_HANDSHAKE_ACCEPT_SIZE]) {
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 section 1.3 */
  if (!handshake->http_version || strcmp(handshake->http_version, "HTTP/1.1") != 0 ||
      !oriel_handshake_list_has(handshake->upgrade, "websocket", true) ||
      !oriel_handshake_list_has(handshake->connection, "upgrade", true))
    return ORIEL_HANDSHAKE_NOT_WEBSOCKET;
  if (!handshake->version || strcmp(handshake->version, "13") != 0)
    return ORIEL_HANDSHAKE_VERSION;
  if (!key_valid(handshake->key))
    return ORIEL_HANDSHAKE_KEY;
  if (!oriel_handshake_list_has(handshake->protocol, ORIEL_VIEWER_SUBPROTOCOL, false))
    return ORIEL_HANDSHAKE_PROTOCOL;
  unsigned char text[24 + sizeof guid], digest[SHA_DIGEST_LENGTH];
  memcpy(text, handshake->key, 24);
  memcpy(text + 24, guid, sizeof guid);
  if (!SHA1(text, 24 + sizeof guid - 1, digest))
    return ORIEL_HANDSHAKE_SHORT;
  EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
  return ORIEL_HANDSHAKE_OK;
}
