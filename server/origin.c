/* SPDX-License-Identifier: MIT
 *
 * Host and Origin lists. Loop thread.
 */
#include "server/origin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/address.h"

static int list_add(char ***list, size_t *count, const char *text) {
  char **grown = realloc(*list, (*count + 1) * sizeof **list);
  if (!grown)
    return -ENOMEM;
  *list = grown;
  grown[*count] = strdup(text);
  if (!grown[*count])
    return -ENOMEM;
  (*count)++;
  return 0;
}

/** True when the entry ends in ":digits" behind a name or a bracketed literal. */
static bool has_port(const char *host) {
  const char *colon = strrchr(host, ':');
  const char *bracket = strrchr(host, ']');
  return colon && colon > host && (!bracket || colon > bracket);
}

/** Adds host:port, and the bare host too where a browser leaves the port out. */
static int add_host(struct oriel_origins *origins, const char *host, unsigned port, bool bare) {
  char text[320];
  if (snprintf(text, sizeof text, "%s:%u", host, port) >= (int)sizeof text)
    return 0; /* longer than a DNS name can be: no Host will ever match it */
  int status = list_add(&origins->hosts, &origins->host_count, text);
  if (status == 0 && bare)
    status = list_add(&origins->hosts, &origins->host_count, host);
  return status;
}

int oriel_origins_init(struct oriel_origins *origins, const struct sockaddr *bound, bool tls,
                       const char *const *allow_hosts, const char *const *allow_origins) {
  static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
  *origins = (struct oriel_origins){.tls = tls};
  unsigned port = oriel_address_port(bound);
  bool bare = port == (tls ? 443 : 80);
  char literal[ORIEL_ADDRESS_TEXT_MAX];
  oriel_address_text(bound, literal);
  *strrchr(literal, ':') = '\0';

  int status = add_host(origins, literal, port, bare);
  /* A wildcard listens on loopback too. "localhost" cannot be rebound: browsers do not ask the DNS for it. */
  if (oriel_address_loopback(bound) || strncmp(literal, "0.0.0.0", 8) == 0 || strncmp(literal, "[::]", 5) == 0) {
    for (size_t i = 0; status == 0 && i < sizeof loopback / sizeof *loopback; i++)
      status = add_host(origins, loopback[i], port, bare);
  }
  for (size_t i = 0; status == 0 && allow_hosts && allow_hosts[i]; i++) {
    if (has_port(allow_hosts[i]))
      status = list_add(&origins->hosts, &origins->host_count, allow_hosts[i]);
    else
      status = add_host(origins, allow_hosts[i], port, true);
  }
  for (size_t i = 0; status == 0 && allow_origins && allow_origins[i]; i++)
    status = list_add(&origins->origins, &origins->origin_count, allow_origins[i]);
  if (status < 0)
    oriel_origins_finish(origins);
  return status;
}

int oriel_origins_public(struct oriel_origins *origins, const struct oriel_public *address) {
  int status = list_add(&origins->hosts, &origins->host_count, address->host);
  if (status == 0 && !has_port(address->host))
    status = add_host(origins, address->host, address->port, false);
  if (status == 0)
    status = list_add(&origins->origins, &origins->origin_count, address->origin);
  return status;
}

void oriel_origins_finish(struct oriel_origins *origins) {
  for (size_t i = 0; i < origins->host_count; i++)
    free(origins->hosts[i]);
  for (size_t i = 0; i < origins->origin_count; i++)
    free(origins->origins[i]);
  free(origins->hosts);
  free(origins->origins);
  *origins = (struct oriel_origins){0};
}

bool oriel_origins_host(const struct oriel_origins *origins, const char *host, const char *local) {
  if (!host || !*host)
    return false;
  for (size_t i = 0; i < origins->host_count; i++) {
    if (strcasecmp(origins->hosts[i], host) == 0)
      return true;
  }
  if (!local)
    return false;
  size_t length = strlen(host);
  if (strcasecmp(local, host) == 0)
    return true;
  /* The scheme's default port is left out by browsers. */
  const char *implied = origins->tls ? ":443" : ":80";
  return strncasecmp(local, host, length) == 0 && strcmp(local + length, implied) == 0;
}

bool oriel_origins_origin(const struct oriel_origins *origins, const char *origin, const char *local) {
  if (!origin)
    return false;
  for (size_t i = 0; i < origins->origin_count; i++) {
    if (strcasecmp(origins->origins[i], origin) == 0)
      return true;
  }
  if (strncasecmp(origin, "https://", 8) == 0)
    return oriel_origins_host(origins, origin + 8, local);
  if (!origins->tls && strncasecmp(origin, "http://", 7) == 0)
    return oriel_origins_host(origins, origin + 7, local);
  return false;
}
