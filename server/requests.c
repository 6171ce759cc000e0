/* SPDX-License-Identifier: MIT
 *
 * From libmicrohttpd's calls to a handler's. Loop thread.
 */
#include "server/requests.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "server/gate.h"
#include "server/request.h"
#include "server/route.h"
#include "server/state.h"

enum { BODY_WASTE_MAX = 64 * 1024 }; /* read and dropped of a body that is too large, so that the refusal arrives */

/** Headers are whole: judge them. A refusal is answered at once, without the body. */
static enum MHD_Result begin(struct oriel_request *request, const char *method) {
  struct oriel_verdict verdict;
  request->server->stats.requests++;
  oriel_request_locate(request);
  oriel_connection_phase(request->connection, CONNECTION_BODY);
  oriel_gate_check(request, method, &verdict);
  if (verdict.status) {
    oriel_debug("server", "%s %s from %s: %u", method, request->path, request->client, verdict.status);
    return oriel_gate_refuse(request, &verdict);
  }
  if (request->credential != ORIEL_CREDENTIAL_NONE && !request->unproved)
    request->connection->known = true;
  return MHD_YES;
}

/** Where its body goes; NULL when memory is short. */
static char *body_of(struct oriel_request *request) {
  const size_t most = oriel_request_body_max(request);
  if (most <= sizeof request->body)
    return request->body;
  if (!request->large)
    request->large = malloc(most);
  return request->large;
}

static enum MHD_Result take_body(struct oriel_request *request, const char *data, size_t *size) {
  char *body = body_of(request);
  if (!body)
    return MHD_NO;
  if (request->body_size + *size <= oriel_request_body_max(request))
    memcpy(body + request->body_size, data, *size);
  request->body_size += *size;
  *size = 0;
  return request->body_size > BODY_WASTE_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *http, const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_size, void **context) {
  struct oriel_request *request = *context;
  if (!request) {
    struct oriel_connection *connection =
      MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (connection && oriel_http_defer_new(connection))
      return MHD_YES;
    request = connection ? calloc(1, sizeof *request) : NULL;
    if (!request)
      return MHD_NO;
    *request = (struct oriel_request){
      .server = user, .http = http, .connection = connection, .path = path, .version = version};
    *context = request;
    connection->resumed = false;
    connection->owner->budget.count++;
    return begin(request, method);
  }
  request->connection->resumed = false;
  if (*body_size)
    return take_body(request, body, body_size);
  request->path = oriel_public_inner(&request->server->site.public_address, path);
  request->version = version;
  if (request->body_size > oriel_request_body_max(request))
    return oriel_answer_error(request, MHD_HTTP_CONTENT_TOO_LARGE, oriel_request_too_large(request), NULL, NULL);
  return request->route->handle(request);
}

static void on_completed(void *user, struct MHD_Connection *http, void **context,
                         enum MHD_RequestTerminationCode code) {
  struct oriel_request *request = *context;
  (void)user;
  (void)http;
  (void)code;
  if (!request)
    return;
  if (request->connection->phase != CONNECTION_UPGRADED)
    oriel_connection_phase(request->connection, CONNECTION_IDLE);
  if (request->drop)
    request->drop(request);
  /* Of a log-in that broke off, it holds the token. */
  explicit_bzero(request->body, request->body_size < sizeof request->body ? request->body_size : sizeof request->body);
  oriel_mount_unref(request->mount);
  free(request->large);
  free(request);
  *context = NULL;
}

int oriel_requests_start(struct oriel_server *server) {
  const struct oriel_http_handlers handlers = {.request = on_request, .completed = on_completed, .user = server};
  return oriel_http_start(&server->http, &server->loop, &server->stats, &handlers);
}
