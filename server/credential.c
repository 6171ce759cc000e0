/* SPDX-License-Identifier: MIT
 *
 * Parsing and comparing credentials. Loop thread; stateless.
 */
#include "server/credential.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

bool oriel_secret_set(struct oriel_secret *secret, const void *text, size_t size) {
  *secret = (struct oriel_secret){0};
  secret->known = SHA256(text, size, secret->hash) != NULL;
  return secret->known;
}

int oriel_secret_draw(char digits[ORIEL_SESSION_ID_SIZE + 1]) {
  uint8_t random[ORIEL_SESSION_ID_SIZE / 2];
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
    return errno ? -errno : -EIO;
  for (size_t i = 0; i < sizeof random; i++)
    snprintf(digits + 2 * i, 3, "%02x", random[i]);
  explicit_bzero(random, sizeof random);
  return 0;
}

bool oriel_secret_equal(const struct oriel_secret *a, const struct oriel_secret *b) {
  return CRYPTO_memcmp(a->hash, b->hash, sizeof a->hash) == 0 && a->known && b->known;
}

bool oriel_bearer_parse(const char *header, const char **token, size_t *size) {
  if (strncasecmp(header, "Bearer ", 7) != 0)
    return false;
  const char *start = header + 7 + strspn(header + 7, " ");
  size_t length = strlen(start);
  while (length && (start[length - 1] == ' ' || start[length - 1] == '\t'))
    length--;
  if (length == 0 || length > ORIEL_TOKEN_MAX || memchr(start, ' ', length))
    return false;
  *token = start;
  *size = length;
  return true;
}

bool oriel_cookie_next(const char **header, const char *name, const char **value, size_t *size) {
  const char *next = *header;
  size_t name_length = strlen(name);
  while (*next) {
    next += strspn(next, " \t;");
    size_t length = strcspn(next, ";");
    const char *pair = next;
    next += length;
    if (length > name_length && pair[name_length] == '=' && memcmp(pair, name, name_length) == 0) {
      size_t value_length = length - name_length - 1;
      const char *text = pair + name_length + 1;
      while (value_length && (text[value_length - 1] == ' ' || text[value_length - 1] == '\t'))
        value_length--;
      *value = text;
      *size = value_length;
      *header = next;
      return true;
    }
  }
  *header = next;
  return false;
}

void oriel_json_forget(json_t *object) {
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value)
    if (json_is_string(value)) /* no copy of it is anybody's */
      explicit_bzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
  json_decref(object);
}

int oriel_session_body_parse(const char *body, size_t size, char token[ORIEL_TOKEN_MAX + 1],
                             char secret[ORIEL_SESSION_ID_SIZE + 1]) {
  if (size == 0 || size > ORIEL_SESSION_BODY_MAX)
    return -EINVAL;
  json_t *root = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
  const json_t *member = json_object_get(root, "token"), *other = json_object_get(root, "secret");
  const size_t length = json_string_length(member);
  const bool proves = !other || json_string_length(other) == ORIEL_SESSION_ID_SIZE;
  int status = -EINVAL;
  if (json_object_size(root) == (other ? 2 : 1) && json_is_string(member) && length >= 1 &&
      length <= ORIEL_TOKEN_MAX && proves) {
    memcpy(token, json_string_value(member), length + 1);
    memcpy(secret, other ? json_string_value(other) : "", other ? ORIEL_SESSION_ID_SIZE + 1 : 1);
    status = 0;
  }
  oriel_json_forget(root);
  return status;
}
