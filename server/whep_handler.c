/* SPDX-License-Identifier: MIT
 *
 * WHEP's requests: an offer makes a session, which is a resource of its own. Loop thread.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/capacity.h"
#include "server/handlers.h"
#include "server/media.h"
#include "server/peer_crowd.h"
#include "server/request.h"
#include "server/route.h"
#include "server/state.h"
#include "server/whep_client.h"
#include "server/whep_crowd.h"
#include "server/whep_port.h"

#define SDP_TYPE "application/sdp"
#define FRAGMENT_TYPE "application/trickle-ice-sdpfrag"
#define METHODS_OF_ENDPOINT "POST, GET, HEAD, OPTIONS"
#define METHODS_OF_SESSION "PATCH, DELETE, GET, HEAD, OPTIONS"

static const char unreachable[] = "the system tells none of its addresses now; try again";

enum { HTTP_PRECONDITION_REQUIRED = 428, TAG_SIZE = ORIEL_ICE_UFRAG_SIZE + 3 };

/* ---- answers ---- */

/** RFC 9457. */
static enum MHD_Result refuse(struct oriel_request *request, unsigned status, const char *detail) {
  json_t *root = json_pack("{s:s, s:i, s:s}", "type", "about:blank", "status", (int)status, "detail", detail);
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  json_decref(root);
  if (!text)
    return MHD_NO;
  struct MHD_Response *response =
    oriel_answer_create("application/problem+json", NULL, text, strlen(text), MHD_RESPMEM_MUST_FREE);
  if (!response)
    free(text);
  else if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
    (void)MHD_add_response_header(response, "Retry-After", "5");
  return oriel_answer_send(request, status, response);
}

static struct MHD_Response *empty(const char *type) {
  return oriel_answer_create(type, NULL, "", 0, MHD_RESPMEM_PERSISTENT);
}

/** The type without its parameters, whatever its case. */
static bool has_type(const struct oriel_request *request, const char *type) {
  unsigned count;
  const char *value = oriel_request_header(request, "Content-Type", &count);
  const size_t size = strlen(type);
  return count == 1 && strncasecmp(value, type, size) == 0 && (value[size] == '\0' || strchr("; \t", value[size]));
}

static const char *body_of(const struct oriel_request *request) {
  return request->large ? request->large : "";
}

static void write_tag(const char *ufrag, char tag[TAG_SIZE]) {
  snprintf(tag, TAG_SIZE, "\"%s\"", ufrag);
}

static void add_tag(struct MHD_Response *response, const struct oriel_whep_client *client) {
  char tag[TAG_SIZE];
  write_tag(oriel_webrtc_session_ufrag(client->session), tag);
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
}

/** Serial of the browser session that asks; 0 = a token does. */
static uint64_t login_of(const struct oriel_request *request) {
  return request->credential == ORIEL_CREDENTIAL_COOKIE ? request->session : 0;
}

/* ---- the endpoint ---- */

/** Whether it is a page's offer, by what names the page; then *media is that page's, or NULL: there is none such. */
static bool is_of_page(const struct oriel_request *request, struct oriel_media **media) {
  unsigned count;
  const char *ticket = oriel_request_header(request, "Oriel-Media-Ticket", &count);
  *media = count == 1 && ticket ? oriel_peers_media(request->mount, ticket, login_of(request)) : NULL;
  return count > 0;
}

/** NULL, or why nobody can be served now. */
static const char *find_closure(const struct oriel_request *request) {
  const struct oriel_whep *whep = request->server->mounts.whep;
  if (!whep)
    return "this server was started with --no-webrtc";
  if (!whep->open)
    return whep->closed_because;
  if (request->server->closing || !oriel_request_desktop(request))
    return "no desktop is served now";
  return NULL;
}

/** NULL, or why nobody more can be. */
static const char *find_crowd(const struct oriel_request *request) {
  const struct oriel_whep *whep = request->server->mounts.whep;
  if (oriel_peers_full(request->mount, request->party == ORIEL_PARTY_WATCHER) ||
      whep->count + request->server->mounts.peer_count >= ORIEL_VIEWERS_MAX)
    return "too many viewers are connected";
  if (oriel_whep_crowded(whep, request->mount, &request->key))
    return "too many viewers are connected from this address";
  return NULL;
}

static void add_location(const struct oriel_request *request, struct MHD_Response *response,
                         const struct oriel_whep_client *client) {
  char location[512];
  snprintf(location, sizeof location, "%s%s%s%swhep/session/%s", request->server->site.public_address.path,
           request->named ? "d/" : "", request->named ? request->mount->name : "", request->named ? "/" : "",
           client->id);
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
}

/** ICE servers; with credentials for who has a session. */
static void add_links(const struct oriel_request *request, struct MHD_Response *response,
                      const struct oriel_whep_client *client) {
  const struct oriel_whep *whep = request->server->mounts.whep;
  char link[ORIEL_ICE_SERVERS_LINK_MAX];
  if (!whep)
    return;
  oriel_ice_servers_link(&whep->ice_servers, client != NULL, client ? client->turn_id : "", (uint64_t)time(NULL),
                         link);
  if (link[0])
    (void)MHD_add_response_header(response, "Link", link);
  explicit_bzero(link, sizeof link);
}

static enum MHD_Result answer_offer(struct oriel_request *request, struct oriel_whep_client *client) {
  struct oriel_whep *whep = request->server->mounts.whep;
  struct oriel_webrtc_address candidates[ORIEL_SDP_CANDIDATES_MAX];
  const unsigned count = oriel_whep_port_candidates(whep, candidates);
  if (!count) {
    oriel_whep_client_end(whep, client, unreachable);
    return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, unreachable);
  }
  char *text = malloc(ORIEL_SDP_MAX);
  const size_t size =
    text ? oriel_webrtc_session_answer(client->session, candidates, count, text, ORIEL_SDP_MAX) : 0;
  struct MHD_Response *response =
    size ? oriel_answer_create(SDP_TYPE, NULL, text, size, MHD_RESPMEM_MUST_FREE) : NULL;
  if (!response) {
    free(text);
    oriel_whep_client_end(whep, client, "its answer could not be written");
    return MHD_NO;
  }
  add_location(request, response, client);
  add_tag(response, client);
  add_links(request, response, client);
  (void)MHD_add_response_header(response, "Accept-Patch", FRAGMENT_TYPE);
  return oriel_answer_send(request, MHD_HTTP_CREATED, response);
}

static enum MHD_Result take_offer(struct oriel_request *request, const struct oriel_sdp_offer *offer,
                                  struct oriel_media *media) {
  struct oriel_whep *whep = request->server->mounts.whep;
  struct oriel_whep_client *client;
  const struct oriel_whep_start start = {
    .mount = request->mount,
    .offer = offer,
    .address = request->client,
    .key = request->key,
    .login = login_of(request),
    .opener = &request->opener,
    .view = request->party == ORIEL_PARTY_WATCHER,
    .plays = !media && strcmp(request->route->path, "/whep") == 0,
    .named = request->named,
    .page = media ? &media->page : NULL,
  };
  struct oriel_whep_client *excess = media ? NULL : oriel_whep_excess(whep, request->mount, &request->key);
  if (excess)
    oriel_whep_client_end(whep, excess, "a later offer took its place before its media began");
  const int status = oriel_whep_client_create(whep, &start, &client);
  if (status < 0)
    return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "memory or random numbers are short");
  if (media)
    oriel_media_bind(media, client);
  oriel_whep_port_schedule(whep);
  return answer_offer(request, client);
}

enum MHD_Result oriel_handle_whep_offer(struct oriel_request *request) {
  char why[ORIEL_SDP_WHY_MAX];
  struct oriel_media *media;
  const bool of_page = is_of_page(request, &media);
  const char *obstacle = find_closure(request);
  if (!obstacle && !of_page) /* a page is a viewer already */
    obstacle = find_crowd(request);
  if (!has_type(request, SDP_TYPE))
    return refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "the body must be an offer of type application/sdp");
  if (obstacle)
    return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, obstacle);
  if (of_page && !media)
    return refuse(request, MHD_HTTP_NOT_FOUND, "no viewer of this log-in has such a ticket, or not any more");
  struct oriel_sdp_offer *offer = malloc(sizeof *offer); /* large for a stack */
  if (!offer)
    return MHD_NO;
  enum MHD_Result result;
  switch (oriel_sdp_parse_offer(body_of(request), request->body_size, offer, why)) {
  case ORIEL_SDP_FINE:
    result = take_offer(request, offer, media);
    break;
  case ORIEL_SDP_UNFIT:
    result = refuse(request, MHD_HTTP_UNPROCESSABLE_CONTENT, why);
    break;
  default:
    result = refuse(request, MHD_HTTP_BAD_REQUEST, why);
  }
  free(offer);
  return result;
}

enum MHD_Result oriel_handle_whep_options(struct oriel_request *request) {
  struct MHD_Response *response = empty(NULL);
  if (!response)
    return MHD_NO;
  const bool session = request->route->below;
  (void)MHD_add_response_header(response, "Access-Control-Allow-Methods",
                                session ? METHODS_OF_SESSION : METHODS_OF_ENDPOINT);
  (void)MHD_add_response_header(response, "Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
  (void)MHD_add_response_header(response, "Access-Control-Max-Age", "600");
  if (session)
    (void)MHD_add_response_header(response, "Accept-Patch", FRAGMENT_TYPE);
  else
    (void)MHD_add_response_header(response, "Accept-Post", SDP_TYPE);
  add_links(request, response, NULL); /* whoever asks: browsers do so without a credential */
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}

/* ---- a session ---- */

/** The client whose session the path names, for who opened it: that of another token or log-in is not there. */
static struct oriel_whep_client *find_client(const struct oriel_request *request) {
  struct oriel_whep *whep = request->server->mounts.whep;
  const char *id = strrchr(request->path, '/') + 1;
  struct oriel_whep_client *client = whep ? oriel_whep_client_find(whep, id) : NULL;
  const bool own = client && client->mount == request->mount && client->login == login_of(request) &&
                   oriel_secret_equal(&client->opener, &request->opener);
  return own ? client : NULL;
}

static enum MHD_Result refuse_stranger(struct oriel_request *request) {
  return refuse(request, MHD_HTTP_NOT_FOUND, "there is no such session here, or not any more");
}

enum MHD_Result oriel_handle_whep_look(struct oriel_request *request) {
  if (request->route->below && !find_client(request))
    return refuse_stranger(request);
  return oriel_answer_send(request, MHD_HTTP_OK, empty(SDP_TYPE));
}

enum MHD_Result oriel_handle_whep_delete(struct oriel_request *request) {
  struct oriel_whep *whep = request->server->mounts.whep;
  struct oriel_whep_client *client = find_client(request);
  if (!client)
    return refuse_stranger(request);
  oriel_whep_client_end(whep, client, "the client ended it");
  oriel_whep_port_schedule(whep);
  return oriel_answer_send(request, MHD_HTTP_OK, empty(NULL));
}

static enum MHD_Result restart(struct oriel_request *request, struct oriel_whep_client *client,
                               const struct oriel_sdp_fragment *fragment) {
  struct oriel_whep *whep = request->server->mounts.whep;
  struct oriel_webrtc_address candidates[ORIEL_SDP_CANDIDATES_MAX];
  char text[4096];
  const unsigned count = oriel_whep_port_candidates(whep, candidates);
  if (!count)
    return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, unreachable);
  const size_t size =
    oriel_webrtc_session_restart(client->session, fragment, candidates, count, text, sizeof text);
  if (!size)
    return refuse(request, MHD_HTTP_UNPROCESSABLE_CONTENT,
                  "a restart needs an a=ice-ufrag and an a=ice-pwd; the session goes on as it was");
  oriel_webrtc_router_rename(&whep->router, &client->route);
  struct MHD_Response *response = oriel_answer_create(FRAGMENT_TYPE, NULL, text, size, MHD_RESPMEM_MUST_COPY);
  if (response) {
    add_tag(response, client);
    add_links(request, response, client);
  }
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}

/** Whether If-Match names the session as it is, or as it was before a restart that the client may not know of: the
 *  answer to it can be lost, and what came before stays good until the client uses what is new. RFC 9110, strongly. */
static bool tag_matches(const char *value, const struct oriel_whep_client *client) {
  const char *before = oriel_webrtc_session_ufrag_before(client->session);
  char tag[TAG_SIZE];
  write_tag(oriel_webrtc_session_ufrag(client->session), tag);
  if (strcmp(value, tag) == 0)
    return true;
  write_tag(before, tag);
  return before[0] && strcmp(value, tag) == 0;
}

/** Whether a fragment without If-Match is of the session as it is: a client that keeps no ETag (whip-whep) names its
 *  ufrag, which a restart changes as it does the tag. */
static bool is_current(const struct oriel_sdp_fragment *fragment, const struct oriel_whep_client *client) {
  return fragment->ufrag[0] && strcmp(fragment->ufrag, oriel_webrtc_session_peer_ufrag(client->session)) == 0;
}

enum MHD_Result oriel_handle_whep_patch(struct oriel_request *request) {
  struct oriel_whep_client *client = find_client(request);
  struct oriel_sdp_fragment fragment;
  char why[ORIEL_SDP_WHY_MAX];
  unsigned count;
  const char *match = oriel_request_header(request, "If-Match", &count);
  if (!client)
    return refuse_stranger(request);
  if (!has_type(request, FRAGMENT_TYPE))
    return refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "the body must be of type " FRAGMENT_TYPE);
  if (oriel_sdp_parse_fragment(body_of(request), request->body_size, &fragment, why) != ORIEL_SDP_FINE)
    return refuse(request, MHD_HTTP_BAD_REQUEST, why);
  if (count == 0 && is_current(&fragment, client))
    return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, empty(NULL));
  if (count != 1)
    return refuse(request, HTTP_PRECONDITION_REQUIRED, "an If-Match with the session's ETag, or \"*\", is needed");
  if (strcmp(match, "*") == 0 || strcmp(match, "\"*\"") == 0)
    return restart(request, client, &fragment);
  if (!tag_matches(match, client))
    return refuse(request, MHD_HTTP_PRECONDITION_FAILED, "the session's ETag is another one: it was restarted");
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT, empty(NULL)); /* checks are answered where they come from */
}
