/* SPDX-License-Identifier: MIT
 *
 * One HTTP request on its way from headers to answer, and the answers all handlers give: every one carries the security
 * headers. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_REQUEST_H
#define ORIEL_SERVER_REQUEST_H

#include "server/connection.h"
#include "server/permit.h"
#include "server/session.h"

struct oriel_asset;
struct oriel_desktop;
struct oriel_metrics;
struct oriel_mount;
struct oriel_route;
struct oriel_server;
struct oriel_snapshot;

enum oriel_credential { ORIEL_CREDENTIAL_NONE, ORIEL_CREDENTIAL_BEARER, ORIEL_CREDENTIAL_COOKIE };

#define ORIEL_SECRET_HEADER "Oriel-Session-Secret"

struct oriel_request {
  struct oriel_server *server;
  struct MHD_Connection *http;
  struct oriel_connection *connection;
  struct oriel_mount *mount; /* the desktop it is about, held until the request ends; NULL = the server, or none */
  bool named;                /* the path names it: /d/NAME/… or /api/v1/desktops/NAME… */
  const struct oriel_route *route;
  const struct oriel_asset *asset; /* assets only */
  const char *path, *version;      /* borrowed; path for the first call only */
  enum oriel_credential credential;
  uint64_t session; /* serial, when the credential is a cookie */
  uint64_t sessions[ORIEL_COOKIES_MAX]; /* with others whose cookies came and that open the desktop, too; then 0 */
  bool all;         /* the credential opens every desktop */
  struct oriel_secret opener; /* the token that it is, or that its session began with */
  bool unproved;    /* the cookie came without the session's second secret: only where the next protocol asks for it */
  enum oriel_party party;
  struct oriel_address_key key;        /* of the client, behind trusted proxies */
  char client[ORIEL_ADDRESS_TEXT_MAX]; /* the same, for the log */
  /* What a handler keeps from one call to the next, and how it is dropped when the request ends; NULL = nothing. */
  struct oriel_snapshot *snapshot;
  struct oriel_metrics *metrics; /* as far as they are written */
  void (*drop)(struct oriel_request *request);
  size_t body_size; /* counts on beyond the buffer */
  char *large;      /* owned; takes the body's place where the route takes more than `body` holds; NULL = none came */
  char body[ORIEL_SESSION_BODY_MAX];
};

/** How many bytes its body may have, and what is said of more; static. */
size_t oriel_request_body_max(const struct oriel_request *request);
const char *oriel_request_too_large(const struct oriel_request *request);

/** The value of a header that may stand there once. NULL when it is absent; *count is how often it stands there. */
const char *oriel_request_header(const struct oriel_request *request, const char *name, unsigned *count);

/** Whether the client has the version with this quoted tag: If-None-Match, weakly (RFC 9110 section 13.1.2). */
bool oriel_request_knows(const struct oriel_request *request, const char *etag);

/** The desktop that it is about; NULL when none is served now. Borrowed. */
struct oriel_desktop *oriel_request_desktop(const struct oriel_request *request);

/** Finds out on whose behalf the connection speaks: fills key and client. */
void oriel_request_locate(struct oriel_request *request);

/** A response with the security headers and Cache-Control: no-store unless `cache` says otherwise. NULL when memory is
 *  short. `type` may be NULL for an answer without a body. */
struct MHD_Response *oriel_answer_create(const char *type, const char *cache, const void *body, size_t size,
                                         enum MHD_ResponseMemoryMode mode);
/** The same with a content security policy of its own; NULL = that of all others. */
struct MHD_Response *oriel_answer_create_page(const char *type, const char *cache, const char *policy, const void *body,
                                              size_t size, enum MHD_ResponseMemoryMode mode);
struct json_t;
/** A JSON string of what a guest or a viewer says of itself, which need not be UTF-8: "?" then. NULL when memory is
 *  short. */
struct json_t *oriel_answer_text(const char *text);
/** A JSON object, whose reference it takes over; NULL is fine. NULL when memory is short. */
struct MHD_Response *oriel_answer_create_json(struct json_t *root);
/** JSON with a secret in it, which it takes over: it is wiped before it is freed. NULL when memory is short. */
struct MHD_Response *oriel_answer_create_secret(char *json);
/** Adds the headers every answer carries; policy NULL = the usual one. */
void oriel_answer_secure(struct MHD_Response *response, const char *cache, const char *policy);
/** Queues and releases the response, which may be NULL: the connection then ends. */
enum MHD_Result oriel_answer_send(struct oriel_request *request, unsigned status, struct MHD_Response *response);
/** {"error": sentence}, or a page that says it to a person who opened the address in a browser, with an optional extra
 *  header. */
enum MHD_Result oriel_answer_error(struct oriel_request *request, unsigned status, const char *sentence,
                                   const char *header, const char *value);
/** 503: no desktop is served now. */
enum MHD_Result oriel_answer_absent(struct oriel_request *request);
/** What oriel_answer_create_json makes, sent. */
enum MHD_Result oriel_answer_json(struct oriel_request *request, unsigned status, struct json_t *root);

#endif
