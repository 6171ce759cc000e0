/* SPDX-License-Identifier: MIT
 *
 * STUN and TURN servers that clients of WebRTC are told of. Caller's thread.
 */
#include "server/ice_servers.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USER_MAX = 64, SHA1_SIZE = 20, CREDENTIAL_MAX = 4 * ((SHA1_SIZE + 2) / 3) + 1 };

static bool begins(const char *url, const char *scheme) {
  return strncmp(url, scheme, strlen(scheme)) == 0;
}

static bool is_turn(const char *url) {
  return begins(url, "turn:") || begins(url, "turns:");
}

/** What can stand between "<" and ">", and is no list. */
static bool is_url(const char *url) {
  static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-[]?=";
  const bool known = is_turn(url) || begins(url, "stun:") || begins(url, "stuns:");
  const size_t size = strlen(url);
  return known && url[size - 1] != ':' && size <= ORIEL_ICE_SERVER_URL_MAX && strspn(url, characters) == size;
}

static int refuse(const char *url, const char *because, char *why, size_t why_size) {
  snprintf(why, why_size, "--ice-server is \"%.60s\": %s", url, because);
  return -EINVAL;
}

static int add(struct oriel_ice_servers *servers, const char *url, char *why, size_t why_size) {
  if (!is_url(url))
    return refuse(url, "it must be as stun:stun.example:3478 or turn:turn.example:3478?transport=udp", why, why_size);
  if (servers->count == ORIEL_ICE_SERVERS_MAX)
    return refuse(url, "there are more than 8 of them; clients use one or two", why, why_size);
  if (is_turn(url) && !servers->secret)
    return refuse(url, "a TURN server needs the secret that it shares with us; give --turn-secret-file", why, why_size);
  servers->urls[servers->count] = strdup(url);
  if (!servers->urls[servers->count])
    return -ENOMEM;
  servers->count++;
  return 0;
}

int oriel_ice_servers_init(struct oriel_ice_servers *servers, const char *const *urls, const char *secret, char *why,
                           size_t why_size) {
  *servers = (struct oriel_ice_servers){.secret = secret ? strdup(secret) : NULL};
  int status = secret && !servers->secret ? -ENOMEM : 0;
  for (; status == 0 && urls && *urls; urls++)
    status = add(servers, *urls, why, why_size);
  if (status == -ENOMEM)
    snprintf(why, why_size, "cannot keep the ICE servers: %s", strerror(ENOMEM));
  return status;
}

void oriel_ice_servers_finish(struct oriel_ice_servers *servers) {
  for (unsigned i = 0; i < servers->count; i++)
    free(servers->urls[i]);
  if (servers->secret)
    explicit_bzero(servers->secret, strlen(servers->secret));
  free(servers->secret);
  *servers = (struct oriel_ice_servers){.count = 0};
}

/** False when OpenSSL cannot. */
static bool make_credential(const char *secret, const char *user, char credential[CREDENTIAL_MAX]) {
  unsigned char digest[SHA1_SIZE];
  unsigned size = sizeof digest;
  if (!HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)user, strlen(user), digest, &size))
    return false;
  EVP_EncodeBlock((unsigned char *)credential, digest, (int)size);
  explicit_bzero(digest, sizeof digest);
  return true;
}

void oriel_ice_servers_link(const struct oriel_ice_servers *servers, bool turn, const char *id, uint64_t now_s,
                            char link[ORIEL_ICE_SERVERS_LINK_MAX]) {
  char user[USER_MAX], credential[CREDENTIAL_MAX];
  size_t used = 0;
  snprintf(user, sizeof user, "%" PRIu64 ":%s", now_s + ORIEL_TURN_VALID_S, id);
  const bool may = turn && servers->secret && make_credential(servers->secret, user, credential);
  link[0] = '\0';
  for (unsigned i = 0; i < servers->count; i++) {
    const bool secret = is_turn(servers->urls[i]);
    if (secret && !may)
      continue;
    /* whip-whep splits the list at ", <". */
    used += (size_t)snprintf(link + used, ORIEL_ICE_SERVERS_LINK_MAX - used, "%s<%s>; rel=\"ice-server\"",
                             used ? ", " : "", servers->urls[i]);
    if (secret)
      used += (size_t)snprintf(link + used, ORIEL_ICE_SERVERS_LINK_MAX - used,
                               "; username=\"%s\"; credential=\"%s\"; credential-type=\"password\"", user, credential);
  }
  explicit_bzero(credential, sizeof credential);
}
