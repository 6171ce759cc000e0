/* SPDX-License-Identifier: MIT
 *
 * The gate. Loop thread. What needs no secret is judged first, so that a refusal says nothing about one.
 */
#include "server/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "server/audit.h"
#include "server/handshake.h"
#include "server/head.h"
#include "server/route.h"
#include "server/state.h"
#include "wire/viewer.h"

enum { HEADERS_MAX = 8 * 1024 };

void oriel_verdict_refuse(struct oriel_verdict *verdict, unsigned status, const char *sentence) {
  verdict->status = status;
  verdict->sentence = sentence;
}

static unsigned method_of(const char *method) {
  if (strcmp(method, "GET") == 0)
    return ORIEL_METHOD_GET;
  if (strcmp(method, "HEAD") == 0)
    return ORIEL_METHOD_HEAD;
  if (strcmp(method, "POST") == 0)
    return ORIEL_METHOD_POST;
  if (strcmp(method, "DELETE") == 0)
    return ORIEL_METHOD_DELETE;
  if (strcmp(method, "PATCH") == 0)
    return ORIEL_METHOD_PATCH;
  if (strcmp(method, "OPTIONS") == 0)
    return ORIEL_METHOD_OPTIONS;
  return 0;
}

/** A refusal after which the two sides may disagree on where the next request begins. */
static void refuse_and_close(struct oriel_verdict *verdict, unsigned status, const char *sentence) {
  oriel_verdict_refuse(verdict, status, sentence);
  verdict->header = MHD_HTTP_HEADER_CONNECTION;
  verdict->value = "close";
}

/** One, which only a probe in HTTP/1.0 may leave out. */
static bool hosts_valid(const struct oriel_request *request, unsigned hosts) {
  return hosts == 1 || (hosts == 0 && request->route && request->route->any_host &&
                        strcmp(request->version, "HTTP/1.0") == 0);
}

/** What a proxy before us could read in another way than we do. */
static void check_form(struct oriel_request *request, const char *method, struct oriel_verdict *verdict) {
  unsigned hosts, lengths, encodings;
  (void)oriel_request_header(request, "Host", &hosts);
  (void)oriel_request_header(request, "Content-Length", &lengths);
  (void)oriel_request_header(request, "Transfer-Encoding", &encodings);
  if (!oriel_head_plain(request, method))
    refuse_and_close(verdict, MHD_HTTP_BAD_REQUEST,
                     "the head is malformed: a zero byte, a folded line, a stray space or a line end that is not CRLF");
  else if (!hosts_valid(request, hosts))
    refuse_and_close(verdict, MHD_HTTP_BAD_REQUEST, "a request has one Host header");
  else if (lengths + encodings > 1)
    refuse_and_close(verdict, MHD_HTTP_BAD_REQUEST, "a request has one Content-Length or one Transfer-Encoding");
  else if (encodings) /* libmicrohttpd reads chunks laxly, and no client of ours sends them */
    refuse_and_close(verdict, MHD_HTTP_NOT_IMPLEMENTED, "no transfer coding is known here; send a Content-Length");
}

static void check_size(const struct oriel_request *request, struct oriel_verdict *verdict) {
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(request->http, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  if (info && info->header_size > HEADERS_MAX) {
    oriel_verdict_refuse(verdict, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are larger than 8 KiB");
    return;
  }
  unsigned count;
  const char *length = oriel_request_header(request, "Content-Length", &count);
  if (length && strtoull(length, NULL, 10) > oriel_request_body_max(request))
    oriel_verdict_refuse(verdict, MHD_HTTP_CONTENT_TOO_LARGE, oriel_request_too_large(request));
}

/** A sentence around a header's value, which came from outside: cut, and of letters that mean nothing in JSON or
 *  HTML. */
static void refuse_name(struct oriel_verdict *verdict, const char *before, const char *value, const char *after) {
  char shown[120];
  snprintf(shown, sizeof shown, "%s", value);
  for (char *c = shown; *c; c++) {
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/[]", *c))
      *c = '?';
  }
  snprintf(verdict->reason, sizeof verdict->reason, "%s%s%s", before, shown, after);
  oriel_verdict_refuse(verdict, MHD_HTTP_FORBIDDEN, verdict->reason);
}

static void check_host(struct oriel_request *request, struct oriel_verdict *verdict) {
  struct oriel_server *server = request->server;
  const char *local = request->connection->local;
  unsigned count;
  const char *host = oriel_request_header(request, "Host", &count);
  const bool any_host = request->route && request->route->any_host;
  if (!any_host && !oriel_origins_host(&server->site.origins, host, local)) {
    server->stats.refused_host++;
    refuse_name(verdict, "no server is called ", host,
                " here, and the port counts: --allow-host adds a name, --public-url that of a proxy");
    return;
  }
  const char *origin = oriel_request_header(request, "Origin", &count);
  if (count > 1 || (origin && !oriel_origins_origin(&server->site.origins, origin, local))) {
    server->stats.refused_origin++;
    refuse_name(verdict, "pages of ", origin,
                " may not use this server, and the port counts: --allow-origin adds one, --public-url that of a proxy");
  }
}

/** "GET, HEAD": the value of Allow. */
static void list_methods(unsigned methods, char *text, size_t size) {
  static const struct {
    enum oriel_method method;
    const char *name;
  } names[] = {{ORIEL_METHOD_GET, "GET"},     {ORIEL_METHOD_HEAD, "HEAD"},   {ORIEL_METHOD_POST, "POST"},
               {ORIEL_METHOD_PATCH, "PATCH"}, {ORIEL_METHOD_DELETE, "DELETE"}, {ORIEL_METHOD_OPTIONS, "OPTIONS"}};
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof names / sizeof *names && used < size; i++) {
    if (methods & names[i].method)
      used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", names[i].name);
  }
}

/** "/vms/one" is where "/vms/one/" was meant, to which the page's own addresses are relative. */
static bool lacks_public_slash(const struct oriel_request *request) {
  const char *path = request->server->site.public_address.path;
  const size_t length = strlen(path) - 1;
  return length > 0 && strlen(request->path) == length && strncmp(request->path, path, length) == 0;
}

static void redirect(struct oriel_verdict *verdict, const char *path, const char *name) {
  snprintf(verdict->text, sizeof verdict->text, "%s%s%s%s", path, name ? "d/" : "", name ? name : "", name ? "/" : "");
  verdict->header = MHD_HTTP_HEADER_LOCATION;
  verdict->value = verdict->text;
  oriel_verdict_refuse(verdict, MHD_HTTP_PERMANENT_REDIRECT, "the page's address ends with a slash");
}

static void check_route(struct oriel_request *request, const struct oriel_target *target,
                        struct oriel_verdict *verdict) {
  const char *path = request->server->site.public_address.path;
  if (target->named && !target->mount) {
    oriel_verdict_refuse(verdict, MHD_HTTP_NOT_FOUND, "no desktop of this name is served here");
  } else if (target->lacks_slash) {
    redirect(verdict, path, target->mount->name);
  } else if (target->methods == 0 && lacks_public_slash(request)) {
    redirect(verdict, path, NULL);
  } else if (target->methods == 0) {
    oriel_verdict_refuse(verdict, MHD_HTTP_NOT_FOUND, "there is nothing at this path");
  } else if (target->lacks_name) {
    oriel_verdict_refuse(verdict, MHD_HTTP_NOT_FOUND,
                         "several desktops are served here: name one, as /d/NAME/ before this path");
  } else if (!target->route) {
    list_methods(target->methods, verdict->text, sizeof verdict->text);
    verdict->header = "Allow";
    verdict->value = verdict->text;
    oriel_verdict_refuse(verdict, MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not know that method");
  }
}

static const char *party_sentence(const struct oriel_request *request, bool permitted) {
  if (permitted)
    return "this is about all desktops, and the token opens one";
  if (request->party == ORIEL_PARTY_ADMIN)
    return "the admin token adds and removes desktops, and does nothing else";
  if (oriel_permit_route(request->route->method, request->route->path) == ORIEL_PARTY_ADMIN)
    return "this needs the admin token";
  const bool watches = request->party == ORIEL_PARTY_WATCHER;
  return watches ? "this link only lets watch" : "this needs the controls; take them first";
}

/** What is about the server, and not about the visitor's own part of it, is for who opens all. */
static bool scope_fits(const struct oriel_request *request) {
  return request->mount || request->all || request->party == ORIEL_PARTY_ANYBODY || !request->route->about_all;
}

/** A WebSocket whose first message will be the token needs no credential before; a cookie says nothing there. */
static bool will_log_in(const struct oriel_request *request) {
  unsigned count;
  return request->route->upgrades &&
         oriel_handshake_list_has(oriel_request_header(request, "Sec-WebSocket-Protocol", &count),
                                  ORIEL_VIEWER_SUBPROTOCOL_LOGIN, false);
}

/** By the table of parties; what is not in it nobody may do. */
static void check_party(struct oriel_request *request, struct oriel_verdict *verdict) {
  unsigned parties = oriel_permit_route(request->route->method, request->route->path);
  request->party = ORIEL_PARTY_ANYBODY;
  if (will_log_in(request)) {
    request->unproved = true;
    return;
  }
  if (!(parties & ORIEL_PARTY_ANYBODY))
    oriel_gate_identify(request, verdict);
  const bool permitted = parties & request->party;
  if (verdict->status || (permitted && scope_fits(request)))
    return;
  const char *name = oriel_mount_named(request->mount, request->named);
  request->server->stats.refused_party++;
  if (oriel_bucket_take(&request->server->access.refusals, oriel_clock_ns()))
    oriel_audit("refused", request->client, NULL, "role=%s at=%s%s%s", oriel_party_name(request->party),
                name ? "/d/" : "", name ? name : "", request->route->path);
  oriel_verdict_refuse(verdict, MHD_HTTP_FORBIDDEN, party_sentence(request, permitted));
}

/** Browsers send cookies by themselves, so a cookie alone does not show that our page wants this. */
static void check_own_page(struct oriel_request *request, struct oriel_verdict *verdict) {
  unsigned origins, sites;
  (void)oriel_request_header(request, "Origin", &origins); /* checked before, if there */
  const char *site = oriel_request_header(request, "Sec-Fetch-Site", &sites);
  if (origins == 1 || (sites == 1 && strcmp(site, "same-origin") == 0))
    return;
  request->server->stats.refused_origin++;
  oriel_verdict_refuse(verdict, MHD_HTTP_FORBIDDEN,
                       "with a cookie this needs an Origin or Sec-Fetch-Site header; use a bearer token");
}

void oriel_gate_check(struct oriel_request *request, const char *method, struct oriel_verdict *verdict) {
  *verdict = (struct oriel_verdict){0};
  /* Looked up first, since a probe's row needs less of a head; nothing is answered by it yet. */
  const struct oriel_server *server = request->server;
  const char *path = oriel_public_inner(&server->site.public_address, request->path);
  struct oriel_target target;
  oriel_route_find(server->routes, &server->site, &server->mounts, path, method_of(method), &target);
  request->route = target.route;
  request->asset = target.asset;
  request->mount = oriel_mount_ref(target.mount);
  request->named = target.named;
  check_form(request, method, verdict);
  request->path = path;
  if (verdict->status == 0)
    check_host(request, verdict);
  if (verdict->status == 0)
    check_size(request, verdict);
  if (verdict->status == 0)
    check_route(request, &target, verdict);
  if (verdict->status == 0)
    check_party(request, verdict);
  if (verdict->status == 0 && request->route->acts && request->credential == ORIEL_CREDENTIAL_COOKIE)
    check_own_page(request, verdict);
}

enum MHD_Result oriel_gate_refuse(struct oriel_request *request, const struct oriel_verdict *verdict) {
  return oriel_answer_error(request, verdict->status, verdict->sentence, verdict->header, verdict->value);
}
