/* SPDX-License-Identifier: MIT
 *
 * The web client's files and the health check. Loop thread.
 */
#include <string.h>

#include "server/handlers.h"
#include "server/request.h"
#include "server/state.h"

enum MHD_Result oriel_handle_asset(struct oriel_request *request) {
  const struct oriel_asset *asset = request->asset;
  bool same = oriel_request_knows(request, asset->etag);
  /* Also where the browser has it: what we say now replaces what it knew. */
  const struct oriel_site *site = &request->server->site;
  const char *policy = strcmp(asset->path, "/") == 0               ? site->page_policy
                       : strcmp(asset->path, ORIEL_LIST_PATH) == 0 ? site->list_policy
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
