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
#include "server/mount.h"
#include "server/peer.h"
#include "server/route.h"

/** Takes over `root`, the body; NULL for none. `below`: the cookie is for the request's desktop alone. */
static struct MHD_Response *cookie_answer(const struct oriel_request *request, const char *value, int max_age_s,
                                          bool below, json_t *root) {
  const struct oriel_server *server = request->server;
  char cookie[512];
  char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
  oriel_json_forget(root);
  struct MHD_Response *response = body ? oriel_answer_create_secret(body)
                                       : oriel_answer_create(NULL, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
  if (!response)
    return NULL;
  snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=%s%s%s%s; Max-Age=%d%s", server->cookie,
           value, server->public_address.path, below ? "d/" : "", below ? request->mount->name : "", below ? "/" : "",
           max_age_s, server->secure ? "; Secure" : "");
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
  explicit_bzero(cookie, sizeof cookie);
  return response;
}

/** `named`: the client named the desktop. */
static struct oriel_session_start start_of(const struct oriel_gate_key *key, enum oriel_right right, bool named) {
  return (struct oriel_session_start){
    .key = key->secret, .view = right == ORIEL_RIGHT_VIEW, .below = !key->all && named, .narrow = !key->all};
}

/** Makes a session, with an id or without (NULL). 0, -errno. */
static int begin(struct oriel_server *server, const struct oriel_gate_client *client,
                 const struct oriel_session_start *start, char *id, char *secret, uint64_t *serial) {
  int status = oriel_sessions_create(&server->sessions, start, oriel_clock_ns(), id, secret, serial);
  if (status < 0)
    return status;
  oriel_audit("log-in", client->address, oriel_mount_named(client->mount, client->named), "role=%s",
              oriel_party_name(start->view ? ORIEL_PARTY_WATCHER : ORIEL_PARTY_USER));
  if (client->mount && client->mount->desktop)
    oriel_desktop_expect(client->mount->desktop);
  return 0;
}

/** `secret`: of a session that began at a WebSocket and has no cookie yet, or empty; then of the one answered with. */
static enum MHD_Result open_session(struct oriel_request *request, const struct oriel_session_start *start,
                                    char secret[ORIEL_SESSION_ID_SIZE + 1]) {
  struct oriel_server *server = request->server;
  const struct oriel_gate_client client = {
    .mount = request->mount, .named = request->named, .address = request->client};
  char id[ORIEL_SESSION_ID_SIZE + 1];
  int status = *secret ? oriel_sessions_claim(&server->sessions, secret, &start->key, oriel_clock_ns(), id) : -ENOENT;
  if (status == -ENOENT)
    status = begin(server, &client, start, id, secret, NULL);
  struct MHD_Response *response = NULL;
  if (status == 0)
    response = cookie_answer(request, id, ORIEL_SESSION_SECONDS, start->below,
                             json_pack("{s:s,s:b,s:b,s:b}", "secret", secret, "view", start->view, "all", request->all,
                                       "named", request->named));
  explicit_bzero(id, sizeof id);
  if (status < 0)
    return oriel_answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "the system gives no random numbers", NULL,
                              NULL);
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}

enum oriel_viewer_reason oriel_login_viewer(struct oriel_server *server, const struct oriel_gate_client *client,
                                            const char *token, size_t size, struct oriel_login *login) {
  struct oriel_gate_key key;
  const enum oriel_right right = oriel_gate_judge(server, client, token, size, &key);
  if (right == ORIEL_RIGHT_NONE)
    return key.wait ? ORIEL_VIEWER_REASON_LIMITED : ORIEL_VIEWER_REASON_UNAUTHORISED;
  const struct oriel_session_start start = start_of(&key, right, client->named);
  login->view = start.view;
  return begin(server, client, &start, NULL, login->secret, &login->session) < 0 ? ORIEL_VIEWER_REASON_GOING_AWAY : 0;
}

enum MHD_Result oriel_handle_login(struct oriel_request *request) {
  struct oriel_verdict verdict = {0};
  char token[ORIEL_TOKEN_MAX + 1] = "", secret[ORIEL_SESSION_ID_SIZE + 1] = "";
  int parsed = oriel_session_body_parse(request->body, request->body_size, token, secret);
  explicit_bzero(request->body, sizeof request->body);
  struct oriel_gate_key key;
  enum oriel_right right = oriel_gate_token(request, token, strlen(token), &key, &verdict);
  explicit_bzero(token, sizeof token);
  const struct oriel_session_start start = start_of(&key, right, request->named);
  enum MHD_Result result;
  if (parsed < 0 && verdict.status == MHD_HTTP_UNAUTHORIZED)
    result = oriel_answer_error(request, MHD_HTTP_BAD_REQUEST, "the body must be {\"token\":\"...\"}", NULL, NULL);
  else if (right == ORIEL_RIGHT_NONE)
    result = oriel_gate_refuse(request, &verdict);
  else
    result = open_session(request, &start, secret);
  explicit_bzero(secret, sizeof secret);
  return result;
}

enum MHD_Result oriel_handle_logout(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  oriel_audit("log-out", request->client, oriel_mount_named(request->mount, request->named), "role=%s",
              oriel_party_name(request->party));
  const struct oriel_session *session = oriel_sessions_get(&server->sessions, request->session, oriel_clock_ns());
  const bool below = session && session->below && request->named;
  oriel_sessions_remove(&server->sessions, request->session);
  oriel_peers_logout(server, request->session);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, cookie_answer(request, "", 0, below, NULL));
}
