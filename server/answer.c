/* SPDX-License-Identifier: MIT
 *
 * Answers. Loop thread.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "server/policy.h"
#include "server/request.h"
#include "server/route.h"
#include "server/state.h"

static const struct {
  const char *name, *value;
} security_headers[] = {
  {"X-Content-Type-Options", "nosniff"},
  {"Referrer-Policy", "no-referrer"},
  {"Cross-Origin-Opener-Policy", "same-origin"},
  {"Cross-Origin-Resource-Policy", "same-origin"},
  {"Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
                         "magnetometer=(), midi=(), payment=(), usb=(), autoplay=(self), clipboard-read=(self), "
                         "clipboard-write=(self), fullscreen=(self), microphone=(self), screen-wake-lock=(self)"},
};

void oriel_answer_secure(struct MHD_Response *response, const char *cache, const char *policy) {
  (void)MHD_add_response_header(response, "Content-Security-Policy", policy ? policy : oriel_policy);
  for (size_t i = 0; i < sizeof security_headers / sizeof *security_headers; i++)
    (void)MHD_add_response_header(response, security_headers[i].name, security_headers[i].value);
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache ? cache : "no-store");
}

struct MHD_Response *oriel_answer_create(const char *type, const char *cache, const void *body, size_t size,
                                         enum MHD_ResponseMemoryMode mode) {
  return oriel_answer_create_page(type, cache, NULL, body, size, mode);
}

struct MHD_Response *oriel_answer_create_page(const char *type, const char *cache, const char *policy, const void *body,
                                              size_t size, enum MHD_ResponseMemoryMode mode) {
  /* The cast drops const for an interface that does not write in the modes used here. */
  struct MHD_Response *response = MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, mode);
  if (!response)
    return NULL;
  if (type)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  oriel_answer_secure(response, cache, policy);
  return response;
}

/** Nobody who is given this memory next finds the secret in it. */
static void wipe_and_free(void *text) {
  explicit_bzero(text, strlen(text));
  free(text);
}

struct MHD_Response *oriel_answer_create_secret(char *json) {
  struct MHD_Response *response =
    MHD_create_response_from_buffer_with_free_callback(strlen(json), json, wipe_and_free);
  if (!response) {
    wipe_and_free(json);
    return NULL;
  }
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  oriel_answer_secure(response, NULL, NULL);
  return response;
}

/** Pages of origins that --allow-origin names may read what is for them, refusals of the gate too. */
static void allow_page(const struct oriel_request *request, struct MHD_Response *response) {
  unsigned count;
  const char *origin = oriel_request_header(request, "Origin", &count);
  if (!request->route || !request->route->shared || count != 1 ||
      !oriel_origins_origin(&request->server->site.origins, origin, request->connection->local))
    return;
  (void)MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
  (void)MHD_add_response_header(response, "Access-Control-Expose-Headers",
                                "Location, ETag, Link, Accept-Patch, Retry-After");
  (void)MHD_add_response_header(response, "Vary", "Origin");
}

enum MHD_Result oriel_answer_send(struct oriel_request *request, unsigned status, struct MHD_Response *response) {
  struct oriel_server_stats *stats = &request->server->stats;
  if (!response)
    return MHD_NO;
  uint64_t *counters[] = {&stats->answers_2xx, &stats->answers_3xx, &stats->answers_4xx, &stats->answers_5xx};
  if (status >= 200 && status < 600)
    (*counters[status / 100 - 2])++;
  allow_page(request, response);
  if (request->server->closing)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  oriel_connection_phase(request->connection, CONNECTION_ANSWER);
  enum MHD_Result result = MHD_queue_response(request->http, status, response);
  MHD_destroy_response(response);
  return result;
}

struct MHD_Response *oriel_answer_create_json(json_t *root) {
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  json_decref(root);
  if (!text)
    return NULL;
  struct MHD_Response *response =
    oriel_answer_create("application/json", NULL, text, strlen(text), MHD_RESPMEM_MUST_FREE);
  if (!response)
    free(text);
  return response;
}

json_t *oriel_answer_text(const char *text) {
  json_t *string = json_string(text);
  return string ? string : json_string("?");
}

enum MHD_Result oriel_answer_json(struct oriel_request *request, unsigned status, json_t *root) {
  return oriel_answer_send(request, status, oriel_answer_create_json(root));
}

/** Whether a person looks: browsers name text/html when they open an address, and our page and programs do not. */
static bool wants_page(const struct oriel_request *request) {
  unsigned count;
  const char *accept = oriel_request_header(request, "Accept", &count);
  return accept && strstr(accept, "text/html") != NULL;
}

/** Writes text with what HTML would read otherwise spelled out. */
static void write_escaped(FILE *out, const char *text) {
  for (; *text; text++) {
    if (strchr("&<>\"", *text))
      fprintf(out, "&#%d;", *text);
    else
      fputc(*text, out);
  }
}

/** A sentence of ours as a page; NULL when memory is short. */
static char *make_page(unsigned status, const char *sentence) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out)
    return NULL;
  fprintf(out,
          "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
          "<meta name=color-scheme content=\"dark light\">"
          "<title>Oriel: %u</title><h1>Oriel cannot show this</h1><p>%c",
          status, toupper((unsigned char)sentence[0]));
  write_escaped(out, sentence + 1);
  fputs(".\n", out);
  bool whole = !ferror(out);
  if (fclose(out) == 0 && whole)
    return text;
  free(text);
  return NULL;
}

static char *make_json(const char *sentence) {
  json_t *root = json_pack("{s:s}", "error", sentence);
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  json_decref(root);
  return text;
}

/** NULL when memory is short. */
static char *make_error(unsigned status, const char *sentence, bool page) {
  char *sane = strdup(sentence), *text = NULL;
  if (sane) {
    oriel_utf8_sanitize(sane); /* a client's own words may be in it, cut within a character */
    text = page ? make_page(status, sane) : make_json(sane);
  }
  free(sane);
  return text;
}

enum MHD_Result oriel_answer_error(struct oriel_request *request, unsigned status, const char *sentence,
                                   const char *header, const char *value) {
  bool page = wants_page(request);
  char *text = make_error(status, sentence, page);
  if (!text)
    return MHD_NO;
  struct MHD_Response *response =
    oriel_answer_create(page ? "text/html; charset=utf-8" : "application/json", NULL, text, strlen(text),
                        MHD_RESPMEM_MUST_FREE);
  if (!response)
    free(text);
  else if (header)
    (void)MHD_add_response_header(response, header, value);
  return oriel_answer_send(request, status, response);
}

enum MHD_Result oriel_answer_absent(struct oriel_request *request) {
  return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no desktop is served now", "Retry-After", "1");
}
