/* SPDX-License-Identifier: MIT
 *
 * POST and DELETE /session: the token for a cookie and its second secret, and back; and the log-in at a WebSocket. Loop
 * thread.
 */
#include "server/login.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "server/audit.h"
#include "server/peer.h"
#include "server/route.h"

/** Takes over `root`, the body; NULL for none. */
static struct MHD_Response *cookie_answer(const struct oriel_server *server, const char *value, int max_age_s,
                                          json_t *root) {
  char cookie[384];
  char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
  oriel_json_forget(root);
  struct MHD_Response *response = body ? oriel_answer_create_secret(body)
                                       : oriel_answer_create(NULL, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
  if (!response)
    return NULL;
  snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=%s; Max-Age=%d%s", server->cookie, value,
           server->public_address.path, max_age_s, server->secure ? "; Secure" : "");
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
  explicit_bzero(cookie, sizeof cookie);
  return response;
}

/** Makes a session, with an id or without (NULL). 0, -errno. */
static int begin(struct oriel_server *server, const char *client, bool view, char *id, char *secret,
                 uint64_t *serial) {
  int status = oriel_sessions_create(&server->sessions, view, oriel_clock_ns(), id, secret, serial);
  if (status < 0)
    return status;
  oriel_audit("log-in", client, "role=%s", oriel_party_name(view ? ORIEL_PARTY_WATCHER : ORIEL_PARTY_USER));
  if (server->desktop)
    oriel_desktop_expect(server->desktop);
  return 0;
}

/** `secret`: of a session that began at a WebSocket and has no cookie yet, or empty; then of the one answered with. */
static enum MHD_Result open_session(struct oriel_request *request, bool view,
                                    char secret[ORIEL_SESSION_ID_SIZE + 1]) {
  struct oriel_server *server = request->server;
  char id[ORIEL_SESSION_ID_SIZE + 1];
  int status = *secret ? oriel_sessions_claim(&server->sessions, secret, view, oriel_clock_ns(), id) : -ENOENT;
  if (status == -ENOENT)
    status = begin(server, request->client, view, id, secret, NULL);
  struct MHD_Response *response = NULL;
  if (status == 0)
    response =
      cookie_answer(server, id, ORIEL_SESSION_SECONDS, json_pack("{s:s,s:b}", "secret", secret, "view", view));
  explicit_bzero(id, sizeof id);
  if (status < 0)
    return oriel_answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "the system gives no random numbers", NULL,
                              NULL);
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}

enum oriel_viewer_reason oriel_login_viewer(struct oriel_server *server, const struct oriel_gate_client *client,
                                            const char *token, size_t size, struct oriel_login *login) {
  unsigned wait;
  const enum oriel_right right = oriel_gate_judge(server, client, token, size, &wait);
  if (right == ORIEL_RIGHT_NONE)
    return wait ? ORIEL_VIEWER_REASON_LIMITED : ORIEL_VIEWER_REASON_UNAUTHORISED;
  login->view = right == ORIEL_RIGHT_VIEW;
  return begin(server, client->address, login->view, NULL, login->secret, &login->session) < 0
           ? ORIEL_VIEWER_REASON_GOING_AWAY
           : 0;
}

enum MHD_Result oriel_handle_login(struct oriel_request *request) {
  struct oriel_verdict verdict = {0};
  char token[ORIEL_TOKEN_MAX + 1] = "", secret[ORIEL_SESSION_ID_SIZE + 1] = "";
  int parsed = oriel_session_body_parse(request->body, request->body_size, token, secret);
  explicit_bzero(request->body, sizeof request->body);
  enum oriel_right right = oriel_gate_token(request, token, strlen(token), &verdict);
  explicit_bzero(token, sizeof token);
  enum MHD_Result result;
  if (parsed < 0 && verdict.status == MHD_HTTP_UNAUTHORIZED)
    result = oriel_answer_error(request, MHD_HTTP_BAD_REQUEST, "the body must be {\"token\":\"...\"}", NULL, NULL);
  else if (right == ORIEL_RIGHT_NONE)
    result = oriel_gate_refuse(request, &verdict);
  else
    result = open_session(request, right == ORIEL_RIGHT_VIEW, secret);
  explicit_bzero(secret, sizeof secret);
  return result;
}

enum MHD_Result oriel_handle_logout(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  oriel_audit("log-out", request->client, "role=%s", oriel_party_name(request->party));
  oriel_sessions_remove(&server->sessions, request->session);
  oriel_peers_logout(server, request->session);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, cookie_answer(server, "", 0, NULL));
}
