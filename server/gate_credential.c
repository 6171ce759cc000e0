/* SPDX-License-Identifier: MIT
 *
 * Who asks: tokens, cookies and their second secrets, and what each opens. Loop thread.
 */
#include "server/gate.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "server/mount_access.h"
#include "server/peer_crowd.h"
#include "server/route.h"
#include "server/state.h"

static void refuse_credential(struct oriel_verdict *verdict, const char *sentence) {
  verdict->header = "WWW-Authenticate";
  verdict->value = "Bearer";
  oriel_verdict_refuse(verdict, MHD_HTTP_UNAUTHORIZED, sentence);
}

static void refuse_limited(struct oriel_verdict *verdict, unsigned wait) {
  snprintf(verdict->text, sizeof verdict->text, "%u", wait);
  verdict->header = "Retry-After";
  verdict->value = verdict->text;
  oriel_verdict_refuse(verdict, MHD_HTTP_TOO_MANY_REQUESTS, oriel_login_limited);
}

/** Counts a wrong credential of a request, and answers where there were too many. True when it was counted. */
static bool count_failure(struct oriel_request *request, enum oriel_lockout_kind kind, struct oriel_verdict *verdict) {
  unsigned wait = oriel_access_count_wrong(&request->server->access, &request->key, kind);
  if (wait)
    refuse_limited(verdict, wait);
  return wait == 0;
}

enum oriel_right oriel_gate_token(struct oriel_request *request, const char *token, size_t size,
                                  struct oriel_login_key *key, struct oriel_verdict *verdict) {
  const struct oriel_login_client client = {
    .mount = request->mount, .named = request->named, .key = request->key, .address = request->client,
    .at = request->route->path};
  const enum oriel_right right = oriel_login_judge(&request->server->mounts, &client, token, size, key);
  request->all = key->all;
  if (right != ORIEL_RIGHT_NONE)
    request->connection->known = true;
  else if (key->wait)
    refuse_limited(verdict, key->wait);
  else
    refuse_credential(verdict, "the token is wrong");
  return right;
}

enum cookies { COOKIES_NONE, COOKIES_UNKNOWN, COOKIES_ELSEWHERE, COOKIES_GOOD };

/** Looks the cookies up and takes the session that opens this desktop. There may be several: those of one desktop and
 *  of all have different paths, and a neighbouring host name can plant another. The one whose secret came is meant. */
static enum cookies find_session(struct oriel_request *request) {
  const struct oriel_server *server = request->server;
  const struct oriel_sessions *sessions = &server->access.sessions;
  const uint64_t now_ns = oriel_clock_ns();
  unsigned count, secrets, opening = 0;
  enum cookies found = COOKIES_NONE;
  const char *header = oriel_request_header(request, "Cookie", &count);
  const char *secret = oriel_request_header(request, ORIEL_SECRET_HEADER, &secrets);
  const char *value;
  size_t size;
  for (int i = 0; header && i < 8 && oriel_cookie_next(&header, server->site.cookie, &value, &size); i++) {
    const uint64_t session = oriel_sessions_find(sessions, value, size, now_ns);
    const bool opens =
      session && oriel_mount_session_right(&server->mounts, request->mount, session) != ORIEL_RIGHT_NONE;
    const enum cookies kind = opens ? COOKIES_GOOD : session ? COOKIES_ELSEWHERE : COOKIES_UNKNOWN;
    const bool meant = opens && secret && oriel_sessions_prove(sessions, session, secret, strlen(secret), now_ns);
    if (opens && (found != COOKIES_GOOD || meant))
      request->session = session;
    if (opens && opening < ORIEL_COOKIES_MAX)
      request->sessions[opening++] = session;
    found = kind > found ? kind : found;
    if (meant)
      break;
  }
  return found;
}

/** What the session is good for now. */
static void use_session(struct oriel_request *request) {
  const struct oriel_session *session =
    oriel_sessions_get(&request->server->access.sessions, request->session, oriel_clock_ns());
  request->opener = session ? session->key : (struct oriel_secret){0};
  const bool view =
    oriel_mount_right(&request->server->mounts, request->mount, &request->opener, &request->all) == ORIEL_RIGHT_VIEW;
  /* Free ones are had for the asking, and not without: everybody then sees who took them. */
  const bool controls = !view && request->mount && oriel_peers_control(request->mount, request->session);
  request->party = view ? ORIEL_PARTY_WATCHER : controls ? ORIEL_PARTY_CONTROLLER : ORIEL_PARTY_USER;
}

/** A cookie reaches every port of its host, so it needs the secret that only our page holds (lesson 48). Where the page
 *  cannot send a header, at the WebSocket, its first message brings it. */
static void check_secret(struct oriel_request *request, struct oriel_verdict *verdict) {
  struct oriel_server *server = request->server;
  const struct oriel_sessions *sessions = &server->access.sessions;
  unsigned count;
  const char *secret = oriel_request_header(request, ORIEL_SECRET_HEADER, &count);
  if (!secret && request->route->upgrades) {
    request->unproved = true;
    use_session(request);
  } else if (!secret) {
    server->stats.auth_missing++;
    refuse_credential(verdict, "a session needs its secret, too, in " ORIEL_SECRET_HEADER
                               "; send the token to /session");
  } else if (count == 1 &&
             oriel_sessions_prove(sessions, request->session, secret, strlen(secret), oriel_clock_ns())) {
    use_session(request);
  } else if (count_failure(request, ORIEL_LOCKOUT_COOKIE, verdict)) {
    server->stats.auth_cookie++;
    refuse_credential(verdict, "this is not the session's secret; send the token to /session again");
  }
}

static bool is_admin(const struct oriel_request *request, const char *token, size_t size) {
  struct oriel_secret secret;
  return oriel_secret_set(&secret, token, size) && oriel_secret_equal(&secret, &request->server->access.admin_token);
}

static void check_bearer(struct oriel_request *request, const char *header, unsigned count,
                         struct oriel_verdict *verdict) {
  const char *token = "";
  size_t size = 0;
  bool parsed = count == 1 && oriel_bearer_parse(header, &token, &size);
  struct oriel_login_key key;
  if (parsed && is_admin(request, token, size)) {
    request->credential = ORIEL_CREDENTIAL_BEARER;
    request->party = ORIEL_PARTY_ADMIN;
    request->all = true;
    return;
  }
  enum oriel_right right = oriel_gate_token(request, parsed ? token : "", parsed ? size : 0, &key, verdict);
  request->opener = key.secret;
  if (right != ORIEL_RIGHT_NONE)
    request->credential = ORIEL_CREDENTIAL_BEARER;
  request->party = right == ORIEL_RIGHT_FULL   ? ORIEL_PARTY_SCRIPT
                   : right == ORIEL_RIGHT_VIEW ? ORIEL_PARTY_WATCHER
                                               : ORIEL_PARTY_ANYBODY;
}

void oriel_gate_identify(struct oriel_request *request, struct oriel_verdict *verdict) {
  struct oriel_server *server = request->server;
  unsigned count;
  const enum cookies cookies = find_session(request);
  const char *header = oriel_request_header(request, "Authorization", &count);
  if (cookies == COOKIES_GOOD) {
    request->credential = ORIEL_CREDENTIAL_COOKIE;
    check_secret(request, verdict);
  } else if (header) {
    check_bearer(request, header, count, verdict);
  } else if (cookies == COOKIES_ELSEWHERE) {
    server->stats.auth_cookie++;
    refuse_credential(verdict, "this session opens another desktop; send the token of this one to its /session");
  } else if (cookies == COOKIES_UNKNOWN) {
    if (!count_failure(request, ORIEL_LOCKOUT_COOKIE, verdict))
      return;
    server->stats.auth_cookie++;
    refuse_credential(verdict, "the session is unknown or has expired; send the token to /session again");
  } else {
    server->stats.auth_missing++;
    refuse_credential(verdict, "a token is needed; send it to /session, or as Authorization: Bearer");
  }
}
