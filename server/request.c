/* SPDX-License-Identifier: MIT
 *
 * What a request says. Loop thread.
 */
#include "server/request.h"

#include <string.h>
#include <strings.h>

#include "server/handshake.h"
#include "server/mounts.h"
#include "server/route.h"

struct header_search {
  const char *name, *value;
  unsigned count;
};

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
  struct header_search *search = user;
  (void)kind;
  if (strcasecmp(name, search->name) == 0) {
    search->value = value ? value : "";
    search->count++;
  }
  return MHD_YES;
}

const char *oriel_request_header(const struct oriel_request *request, const char *name, unsigned *count) {
  struct header_search search = {.name = name};
  (void)MHD_get_connection_values(request->http, MHD_HEADER_KIND, on_header, &search);
  *count = search.count;
  return search.value;
}

size_t oriel_request_body_max(const struct oriel_request *request) {
  return request->route && request->route->body_max ? request->route->body_max : sizeof request->body;
}

const char *oriel_request_too_large(const struct oriel_request *request) {
  return oriel_request_body_max(request) > sizeof request->body ? "the body is larger than 32 KiB"
                                                                : "the body is larger than 4 KiB";
}

struct oriel_desktop *oriel_request_desktop(const struct oriel_request *request) {
  return request->mount ? request->mount->desktop : NULL;
}

bool oriel_request_knows(const struct oriel_request *request, const char *etag) {
  unsigned count;
  const char *header = oriel_request_header(request, "If-None-Match", &count);
  char weak[80] = "W/";
  if (!header)
    return false;
  strncat(weak, etag, sizeof weak - 3);
  return strcmp(header, "*") == 0 || oriel_handshake_list_has(header, etag, false) ||
         oriel_handshake_list_has(header, weak, false);
}
