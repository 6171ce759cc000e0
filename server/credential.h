/* SPDX-License-Identifier: MIT
 *
 * Credentials: parsers for the three places where one arrives (bearer header, cookie, JSON body) and a comparison whose
 * time says nothing about the secret. Thread-safety: stateless.
 */
#ifndef ORIEL_SERVER_CREDENTIAL_H
#define ORIEL_SERVER_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_TOKEN_MAX = 512,
  ORIEL_SESSION_BODY_MAX = 4096,
  ORIEL_SESSION_ID_SIZE = 64, /* 256 bits as hexadecimal digits: a session's id, and its second secret */
};

/** What a token is good for; the greater the more. */
enum oriel_right { ORIEL_RIGHT_NONE, ORIEL_RIGHT_VIEW, ORIEL_RIGHT_FULL };

/** SHA-256 of a secret: what is kept and compared, so that neither length nor prefix shows in the time taken. */
struct oriel_secret {
  uint8_t hash[32];
  bool known; /* it was set; false in a zeroed one */
};

/** False when memory is short (hashing takes some): the secret is then not known. */
bool oriel_secret_set(struct oriel_secret *secret, const void *text, size_t size);
/** 256 random bits as digits. 0, -errno of getrandom. */
int oriel_secret_draw(char digits[ORIEL_SESSION_ID_SIZE + 1]);
/** Constant time. One that is not known equals none, itself included. */
bool oriel_secret_equal(const struct oriel_secret *a, const struct oriel_secret *b);

/** "Bearer TOKEN" (RFC 6750; the scheme in any case). True with the token borrowed from the header; false for another
 *  scheme, an empty token, one over ORIEL_TOKEN_MAX or with a space in it. */
bool oriel_bearer_parse(const char *header, const char **token, size_t *size);
/** Next value of the cookie `name` in a Cookie header (RFC 6265 section 5.4); moves *header past it. False at its
 *  end. */
bool oriel_cookie_next(const char **header, const char *name, const char **value, size_t *size);
/** Releases an object (NULL is fine) and wipes the strings in it before. */
struct json_t;
void oriel_json_forget(struct json_t *object);
/** {"token":"..."}, a string of 1..512 bytes, and maybe "secret":"...", one of 64, that of a session without a cookie.
 *  No other member. Copies both, which the caller clears after use; `secret` is empty where there is none. 0,
 *  -EINVAL. */
int oriel_session_body_parse(const char *body, size_t size, char token[ORIEL_TOKEN_MAX + 1],
                             char secret[ORIEL_SESSION_ID_SIZE + 1]);

#endif
