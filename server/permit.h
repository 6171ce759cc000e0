/* SPDX-License-Identifier: MIT
 *
 * The one table of who may do what: every route and every message, by party. What is not in it nobody may do. A test
 * walks it. Thread-safety: constant data.
 */
#ifndef ORIEL_SERVER_PERMIT_H
#define ORIEL_SERVER_PERMIT_H

#include <stddef.h>

/** A set of them is an or. */
enum oriel_method { ORIEL_METHOD_GET = 1, ORIEL_METHOD_POST = 2, ORIEL_METHOD_DELETE = 4, ORIEL_METHOD_HEAD = 8,
                    ORIEL_METHOD_PATCH = 16, ORIEL_METHOD_OPTIONS = 32 };

/** Who asks; a set of them is an or. */
enum oriel_party {
  ORIEL_PARTY_ANYBODY = 1,     /* no credential, or a session that has not proved itself yet */
  ORIEL_PARTY_WATCHER = 2,     /* came in with the token for viewing */
  ORIEL_PARTY_USER = 4,        /* with the token, and has not the controls now */
  ORIEL_PARTY_CONTROLLER = 8,  /* with the token, and has them */
  ORIEL_PARTY_SCRIPT = 16,     /* Authorization: Bearer with the token: who runs this desktop, outside any page */
  ORIEL_PARTY_ADMIN = 32,      /* Authorization: Bearer with the admin token */
};

/** A row: a route (path not NULL; "" stands for every asset) or a message of the viewer protocol. */
struct oriel_permit {
  unsigned method; /* enum oriel_method, of a route */
  const char *path;
  unsigned message; /* enum oriel_viewer_message */
  unsigned parties;
};

/** The table; *count rows. */
const struct oriel_permit *oriel_permits(size_t *count);
/** The parties that may use a route, or send a message; 0 = nobody. */
unsigned oriel_permit_route(unsigned method, const char *path);
unsigned oriel_permit_message(unsigned message);
/** "anybody", "watcher", "user", "controller", "script", "admin"; static. For the log. */
const char *oriel_party_name(enum oriel_party party);

#endif
