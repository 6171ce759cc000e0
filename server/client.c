/* SPDX-License-Identifier: MIT
 *
 * On whose behalf a request comes. Loop thread.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/request.h"
#include "server/state.h"

enum { LINES_MAX = 2048 }; /* bytes of one header over all its lines */

/** All lines of one header, joined as RFC 9110 section 5.3 has it. */
struct lines {
  const char *name;
  unsigned count;
  bool overflow;
  size_t size;
  char text[LINES_MAX];
};

static enum MHD_Result on_line(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
  struct lines *lines = user;
  (void)kind;
  if (strcasecmp(name, lines->name) != 0)
    return MHD_YES;
  int size = snprintf(lines->text + lines->size, sizeof lines->text - lines->size, "%s%s", lines->count ? "," : "",
                      value ? value : "");
  lines->count++;
  if (size < 0 || lines->size + (size_t)size >= sizeof lines->text)
    lines->overflow = true;
  else
    lines->size += (size_t)size;
  return lines->overflow ? MHD_NO : MHD_YES;
}

/** The header's lines; NULL when absent. What is too long reads as a header that cannot be read. */
static const char *join(struct lines *lines, struct MHD_Connection *http, const char *name) {
  *lines = (struct lines){.name = name};
  (void)MHD_get_connection_values(http, MHD_HEADER_KIND, on_line, lines);
  if (lines->overflow)
    return "?";
  return lines->count ? lines->text : NULL;
}

void oriel_request_locate(struct oriel_request *request) {
  const struct oriel_proxies *proxies = &request->server->site.proxies;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->http, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (!info || !oriel_proxies_trust(proxies, info->client_addr)) {
    request->key = request->connection->key;
    snprintf(request->client, sizeof request->client, "%s", request->connection->client);
    return;
  }
  struct lines forwarded_for, forwarded;
  struct sockaddr_storage client;
  oriel_proxies_client(proxies, info->client_addr, join(&forwarded_for, request->http, "X-Forwarded-For"),
                       join(&forwarded, request->http, "Forwarded"), &client);
  oriel_address_key((const struct sockaddr *)&client, &request->key);
  oriel_address_text((const struct sockaddr *)&client, request->client);
}
