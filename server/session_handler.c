/* SPDX-License-Identifier: MIT
 *
 * POST and DELETE /session: the token for a cookie and its second secret, and back. Loop thread.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "server/audit.h"
#include "server/gate.h"
#include "server/handlers.h"
#include "server/login.h"
#include "server/peers.h"
#include "server/state.h"
#include "server/whep.h"

/** Takes over `root`, the body; NULL for none. The cookie is for one desktop alone, or, where that is NULL, for all. */
static struct MHD_Response *cookie_answer(const struct oriel_request *request, const char *value, int max_age_s,
                                          const struct oriel_mount *mount, json_t *root) {
  const struct oriel_site *site = &request->server->site;
  char cookie[512];
  char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
  oriel_json_forget(root);
  struct MHD_Response *response = body ? oriel_answer_create_secret(body)
                                       : oriel_answer_create(NULL, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
  if (!response)
    return NULL;
  snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=%s%s%s%s; Max-Age=%d%s", site->cookie,
           value, site->public_address.path, mount ? "d/" : "", mount ? mount->name : "", mount ? "/" : "",
           max_age_s, site->secure ? "; Secure" : "");
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
  explicit_bzero(cookie, sizeof cookie);
  return response;
}

/** `secret`: of a session that began at a WebSocket and has no cookie yet, or empty; then of the one answered with. */
static enum MHD_Result open_session(struct oriel_request *request, const struct oriel_session_start *start,
                                    char secret[ORIEL_SESSION_ID_SIZE + 1]) {
  struct oriel_server *server = request->server;
  const struct oriel_login_client client = {
    .mount = request->mount, .named = request->named, .address = request->client};
  char id[ORIEL_SESSION_ID_SIZE + 1];
  int status = -ENOENT;
  if (*secret)
    status = oriel_sessions_claim(&server->access.sessions, secret, &start->key, oriel_clock_ns(), id);
  if (status == -ENOENT)
    status = oriel_login_begin(&server->mounts, &client, start, id, secret, NULL);
  struct MHD_Response *response = NULL;
  if (status == 0)
    response = cookie_answer(request, id, ORIEL_SESSION_SECONDS, start->below ? request->mount : NULL,
                             json_pack("{s:s,s:b,s:b,s:b}", "secret", secret, "view", start->view, "all", request->all,
                                       "named", request->named));
  explicit_bzero(id, sizeof id);
  if (status < 0)
    return oriel_answer_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "the system gives no random numbers", NULL,
                              NULL);
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}

enum MHD_Result oriel_handle_login(struct oriel_request *request) {
  struct oriel_verdict verdict = {0};
  char token[ORIEL_TOKEN_MAX + 1] = "", secret[ORIEL_SESSION_ID_SIZE + 1] = "";
  int parsed = oriel_session_body_parse(request->body, request->body_size, token, secret);
  explicit_bzero(request->body, sizeof request->body);
  struct oriel_login_key key;
  enum oriel_right right = oriel_gate_token(request, token, strlen(token), &key, &verdict);
  explicit_bzero(token, sizeof token);
  const struct oriel_session_start start = oriel_login_start(&key, right, request->named);
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
  struct oriel_sessions *sessions = &server->access.sessions;
  const struct oriel_session *session = oriel_sessions_get(sessions, request->session, oriel_clock_ns());
  const bool below = session && session->below && request->named;
  oriel_sessions_remove(sessions, request->session);
  oriel_peers_logout(&server->mounts, request->session);
  oriel_whep_logout(&server->mounts, request->session);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, cookie_answer(request, "", 0, below ? request->mount : NULL, NULL));
}

/** The id that the request's cookie brought of its session, ended by a zero. False when it came by none. */
static bool find_id(const struct oriel_request *request, char id[ORIEL_SESSION_ID_SIZE + 1]) {
  const struct oriel_server *server = request->server;
  const uint64_t now_ns = oriel_clock_ns();
  unsigned count;
  const char *header = oriel_request_header(request, "Cookie", &count), *value;
  size_t size;
  for (int i = 0; header && i < 8 && oriel_cookie_next(&header, server->site.cookie, &value, &size); i++) {
    if (oriel_sessions_find(&server->access.sessions, value, size, now_ns) != request->session)
      continue;
    memcpy(id, value, ORIEL_SESSION_ID_SIZE);
    id[ORIEL_SESSION_ID_SIZE] = '\0';
    return true;
  }
  return false;
}

enum MHD_Result oriel_session_lend(struct oriel_request *request, const struct oriel_mount *mount) {
  char id[ORIEL_SESSION_ID_SIZE + 1];
  if (!request->session || !find_id(request, id))
    return oriel_answer_error(request, MHD_HTTP_NOT_FOUND, "there is no session whose cookie could be lent", NULL, NULL);
  struct MHD_Response *response = cookie_answer(request, id, ORIEL_SESSION_SECONDS, mount, NULL);
  explicit_bzero(id, sizeof id);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, response);
}
