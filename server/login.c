/* SPDX-License-Identifier: MIT
 *
 * POST and DELETE /session: the token for a cookie, and back. Loop thread.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "server/gate.h"
#include "server/peer.h"
#include "server/route.h"

static struct MHD_Response *cookie_answer(const struct oriel_server *server, const char *value, int max_age_s) {
  char cookie[256];
  struct MHD_Response *response = oriel_answer_create(NULL, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
  if (!response)
    return NULL;
  snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=/; Max-Age=%d%s", server->cookie, value,
           max_age_s, server->tls ? "; Secure" : "");
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
  OPENSSL_cleanse(cookie, sizeof cookie);
  return response;
}

enum MHD_Result oriel_handle_login(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_verdict verdict = {0};
  oriel_gate_limit(request, ORIEL_LOCKOUT_TOKEN, &verdict);
  if (verdict.status)
    return oriel_gate_refuse(request, &verdict);
  char token[ORIEL_TOKEN_MAX + 1] = "";
  int parsed = oriel_session_body_parse(request->body, request->body_size, token);
  OPENSSL_cleanse(request->body, sizeof request->body);
  bool right = oriel_gate_token(request, token, strlen(token));
  OPENSSL_cleanse(token, sizeof token);
  if (parsed < 0)
    return oriel_answer_error(request, MHD_HTTP_BAD_REQUEST, "the body must be {\"token\":\"...\"}", NULL, NULL);
  if (!right)
    return oriel_answer_error(request, MHD_HTTP_UNAUTHORIZED, "the token is wrong", "WWW-Authenticate", "Bearer");
  char id[ORIEL_SESSION_ID_SIZE + 1];
  if (oriel_sessions_create(&server->sessions, oriel_clock_ns(), id) < 0)
    return oriel_answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "the system gives no random numbers", NULL,
                              NULL);
  struct MHD_Response *response = cookie_answer(server, id, ORIEL_SESSION_SECONDS);
  OPENSSL_cleanse(id, sizeof id);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, response);
}

enum MHD_Result oriel_handle_logout(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  oriel_sessions_remove(&server->sessions, request->session);
  oriel_peers_logout(server, request->session);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, cookie_answer(server, "", 0));
}
