/* SPDX-License-Identifier: MIT
 *
 * The one table of what this server answers (lesson 34). What is not in it does not exist; who may use it says
 * server/permit.h. Thread-safety: constant data.
 */
#ifndef ORIEL_SERVER_ROUTE_H
#define ORIEL_SERVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/request.h"

enum oriel_method { ORIEL_METHOD_GET = 1, ORIEL_METHOD_POST = 2, ORIEL_METHOD_DELETE = 4, ORIEL_METHOD_HEAD = 8 };

/** What a path is about. */
enum oriel_scope {
  ORIEL_SCOPE_DESKTOP, /* one desktop: below /d/NAME/, and at / for the only one */
  ORIEL_SCOPE_SERVER,  /* the server alone: at / */
  ORIEL_SCOPE_EITHER,  /* both */
  ORIEL_SCOPE_NAMED,   /* one desktop, and only by the name in /api/v1/desktops/NAME */
};

struct oriel_route {
  enum oriel_method method; /* GET answers HEAD too, unless it upgrades */
  bool any_host;            /* answers whatever Host says, in HTTP/1.0 also without one: it tells nothing of us */
  bool upgrades;            /* its GET becomes another protocol: there is no head of an answer to ask for */
  enum oriel_scope scope;
  bool about_all;   /* at / its answer is about several desktops: only for who opens all of them */
  const char *path; /* behind /d/NAME, or from / on */
  const char *api;  /* the same behind /api/v1/desktops/NAME; NULL = not there */
  /** Changes something, or carries input: with a cookie it must prove to come from our own page. */
  bool acts;
  enum MHD_Result (*handle)(struct oriel_request *request);
};

/** The table; *count rows. Assets are not in it: they are files, all GET. */
const struct oriel_route *oriel_routes(size_t *count);
/** The row for an asset. */
const struct oriel_route *oriel_route_asset(void);
/** What a path leads to. */
struct oriel_target {
  unsigned methods;                /* that the path knows, a set; 0 = there is no such path */
  const struct oriel_route *route; /* for the method; NULL = it does not know that */
  const struct oriel_asset *asset; /* assets only */
  struct oriel_mount *mount;       /* the desktop that is named, or the only one, borrowed; NULL = none */
  bool named;                      /* the path names one, mounted or not */
  bool lacks_slash;                /* it is /d/NAME, where /d/NAME/ was meant */
  bool lacks_name;                 /* it is about one of several, and does not say which */
};
/** Looks `path` up, from our own / on. */
void oriel_route_find(const struct oriel_server *server, const char *path, unsigned method,
                      struct oriel_target *target);

/* handlers */
enum MHD_Result oriel_handle_asset(struct oriel_request *request);
enum MHD_Result oriel_handle_health(struct oriel_request *request);
enum MHD_Result oriel_handle_login(struct oriel_request *request);
enum MHD_Result oriel_handle_logout(struct oriel_request *request);
enum MHD_Result oriel_handle_websocket(struct oriel_request *request);
enum MHD_Result oriel_handle_snapshot(struct oriel_request *request);
enum MHD_Result oriel_handle_thumbnail(struct oriel_request *request);
enum MHD_Result oriel_handle_desktop(struct oriel_request *request);
enum MHD_Result oriel_handle_command(struct oriel_request *request);
enum MHD_Result oriel_handle_start(struct oriel_request *request);
enum MHD_Result oriel_handle_share(struct oriel_request *request);
enum MHD_Result oriel_handle_stats(struct oriel_request *request);
enum MHD_Result oriel_handle_desktops(struct oriel_request *request);
enum MHD_Result oriel_handle_add(struct oriel_request *request);
enum MHD_Result oriel_handle_remove(struct oriel_request *request);
enum MHD_Result oriel_handle_metrics(struct oriel_request *request);

/** Frees a snapshot's result, or leaves it to its worker. */
void oriel_snapshot_drop(struct oriel_snapshot *snapshot);
/** Frees what was written; NULL is fine. */
void oriel_metrics_drop(struct oriel_metrics *metrics);

#endif
