/* SPDX-License-Identifier: MIT
 *
 * Finding what a path leads to: a desktop, and a row of the table of what the server answers, which is in routes.c.
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_ROUTE_H
#define ORIEL_SERVER_ROUTE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/mounts.h"
#include "server/permit.h"
#include "server/site.h"

struct oriel_request;

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
  bool below;       /* what follows the path names one of several; without it there is nothing */
  size_t body_max;  /* bytes of its body; 0 = ORIEL_SESSION_BODY_MAX */
  const char *api;  /* the same behind /api/v1/desktops/NAME; NULL = not there */
  /** Changes something, or carries input: with a cookie it must prove to come from our own page. */
  bool acts;
  bool shared; /* pages of other origins, where the gate lets them ask, may read what is answered (CORS) */
  enum MHD_Result (*handle)(struct oriel_request *request);
};

/** What a server answers. */
struct oriel_routes {
  const struct oriel_route *rows;
  size_t count;
  const struct oriel_route *asset; /* the row for all files, which are not in the table */
};

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
void oriel_route_find(const struct oriel_routes *routes, const struct oriel_site *site,
                      const struct oriel_mounts *mounts, const char *path, unsigned method,
                      struct oriel_target *target);

#endif
