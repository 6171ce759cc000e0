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

struct oriel_route {
  enum oriel_method method; /* GET answers HEAD too, unless it upgrades */
  bool any_host;            /* answers whatever Host says, in HTTP/1.0 also without one: it tells nothing of us */
  bool upgrades;            /* its GET becomes another protocol: there is no head of an answer to ask for */
  const char *path;
  /** Changes something, or carries input: with a cookie it must prove to come from our own page. */
  bool acts;
  enum MHD_Result (*handle)(struct oriel_request *request);
};

/** The table; *count rows. Assets are not in it: they are files, all GET. */
const struct oriel_route *oriel_routes(size_t *count);
/** The row for an asset. */
const struct oriel_route *oriel_route_asset(void);
/** Methods the path knows, as a set; 0 = no such path. *route is the row for `method`, or NULL. */
unsigned oriel_route_find(const struct oriel_server *server, const char *path, unsigned method,
                          const struct oriel_route **route, const struct oriel_asset **asset);

/* handlers */
enum MHD_Result oriel_handle_asset(struct oriel_request *request);
enum MHD_Result oriel_handle_health(struct oriel_request *request);
enum MHD_Result oriel_handle_login(struct oriel_request *request);
enum MHD_Result oriel_handle_logout(struct oriel_request *request);
enum MHD_Result oriel_handle_websocket(struct oriel_request *request);
enum MHD_Result oriel_handle_snapshot(struct oriel_request *request);
enum MHD_Result oriel_handle_desktop(struct oriel_request *request);
enum MHD_Result oriel_handle_command(struct oriel_request *request);
enum MHD_Result oriel_handle_start(struct oriel_request *request);
enum MHD_Result oriel_handle_share(struct oriel_request *request);
enum MHD_Result oriel_handle_stats(struct oriel_request *request);
enum MHD_Result oriel_handle_metrics(struct oriel_request *request);

/** Frees a snapshot's result, or leaves it to its worker. */
void oriel_snapshot_drop(struct oriel_snapshot *snapshot);

#endif
