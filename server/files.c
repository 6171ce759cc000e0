/* SPDX-License-Identifier: MIT
 *
 * The web client's files and the health check. Loop thread.
 */
#include <string.h>

#include "server/handshake.h"
#include "server/route.h"

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

enum MHD_Result oriel_handle_asset(struct oriel_request *request) {
  const struct oriel_asset *asset = request->asset;
  bool same = oriel_request_knows(request, asset->etag);
  /* Also where the browser has it: what we say now replaces what it knew. */
  const struct oriel_server *server = request->server;
  const char *policy = strcmp(asset->path, "/") == 0               ? server->page_policy
                       : strcmp(asset->path, ORIEL_LIST_PATH) == 0 ? server->list_policy
                                                                   : NULL;
  struct MHD_Response *response =
    oriel_answer_create_page(same ? NULL : asset->content_type, "no-cache", policy, asset->data,
                             same ? 0 : asset->size, MHD_RESPMEM_PERSISTENT);
  if (response)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
  return oriel_answer_send(request, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

enum MHD_Result oriel_handle_health(struct oriel_request *request) {
  return oriel_answer_send(request, MHD_HTTP_OK,
                           oriel_answer_create("text/plain; charset=utf-8", NULL, "ok\n", 3, MHD_RESPMEM_PERSISTENT));
}
