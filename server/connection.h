/* SPDX-License-Identifier: MIT
 *
 * HTTP connections, from their acceptance to their close or to a viewer's. Each phase has an absolute deadline of ours,
 * since libmicrohttpd's own time-out starts again with every byte. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_CONNECTION_H
#define ORIEL_SERVER_CONNECTION_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/address.h"
#include "server/link.h"
#include "server/stats.h"

struct oriel_http;

enum connection_phase {
  CONNECTION_HEADERS, /* accepted; headers must be whole */
  CONNECTION_BODY,
  CONNECTION_ANSWER,
  CONNECTION_IDLE,     /* kept alive */
  CONNECTION_UPGRADED, /* a viewer's; no longer in the list */
};

struct oriel_connection;

/** What carries a connection that does not come on its client's own socket: a TLS relay. Every slot is needed. */
struct oriel_carrier_impl {
  /** libmicrohttpd has taken the connection. Tells the local address of the client's connection, and its age. */
  void (*opened)(void *user, struct oriel_connection *connection, struct sockaddr_storage *local,
                 uint64_t *accepted_ns);
  /** The connection is closed. */
  void (*closed)(void *user);
  /** It became a viewer's, whose answer 101 libmicrohttpd has written to `inside`, its end of what carries it: sends
   *  that on, ends the carrier, and gives the way to the client to the caller, and with it what the client sent and
   *  libmicrohttpd did not read. 0; -EAGAIN: the client has not taken what it was sent before; -ENOMEM; other -errno: it
   *  is lost. After a failure the carrier goes on, for the connection's end. */
  int (*give)(void *user, int inside, struct oriel_link **link);
};
struct oriel_carrier {
  const struct oriel_carrier_impl *impl;
  void *user;
};

/** One accepted connection. */
struct oriel_connection {
  struct oriel_connection *next, *previous;
  struct oriel_connections *list;
  struct oriel_http *owner; /* whose it is */
  struct MHD_Connection *http; /* not once it is a viewer's */
  struct MHD_UpgradeResponseHandle *upgrade;
  int fd; /* borrowed from libmicrohttpd */
  enum connection_phase phase;
  bool suspended;       /* a snapshot is being made, or its turn is a later one; no deadline */
  void (*abandon)(void *user); /* what it waits for is for nobody, since its client has gone; NULL = nothing */
  void *abandon_user;
  bool doomed;          /* shut down; libmicrohttpd will close it */
  bool known;           /* it has shown a credential */
  bool resumed;         /* its request waited for this turn and is not deferred again */
  struct oriel_connection *next_deferred;
  bool carried;                        /* by a carrier, which may have ended */
  const struct oriel_carrier *carrier; /* NULL without one, or when it has ended */
  struct oriel_plain_link link;        /* of the viewer that it became, without a carrier */
  uint64_t phase_ns;    /* since when it is in its phase */
  uint64_t deadline_ns; /* absolute: progress does not move it */
  struct oriel_address_key key;
  const char *uri;      /* of the request being read, with its query; borrowed from libmicrohttpd */
  size_t uri_size;      /* up to its first space or zero byte */
  char client[ORIEL_ADDRESS_TEXT_MAX], local[ORIEL_ADDRESS_TEXT_MAX];
};

/** Those that are not viewers'. */
struct oriel_connections {
  struct oriel_connection *first; /* the newest */
  unsigned count;
  struct oriel_server_stats *stats; /* borrowed */
};

/** libmicrohttpd has taken a connection; `carrier`: NULL = none. NULL when memory is short. */
struct oriel_connection *oriel_connection_open(struct oriel_connections *list, struct MHD_Connection *mhd,
                                               const struct oriel_carrier *carrier);
/** It has closed it: frees it. */
void oriel_connection_close(struct oriel_connection *connection);
void oriel_connection_phase(struct oriel_connection *connection, enum connection_phase phase);
/** Ends it; libmicrohttpd then finds the end of the stream and closes. */
void oriel_connection_doom(struct oriel_connection *connection);
/** Takes it out of the list, unless it is out already because it is a viewer's. */
void oriel_connection_unlist(struct oriel_connection *connection);
/** The way to the client of the viewer that it becomes: `socket`, which libmicrohttpd gave with the upgrade, until
 *  `closed` is called with the connection; or what its carrier gives. 0; -ECONNRESET: the carrier has ended; what `give`
 *  returns. */
int oriel_connection_link(struct oriel_connection *connection, int socket, void (*closed)(void *connection),
                          struct oriel_link **link);
/** Time goes on: ends those at their deadlines, or whose client has gone. */
void oriel_connections_tick(struct oriel_connections *list, uint64_t now_ns);
/** Ends those whose client has gone. */
void oriel_connections_reap(struct oriel_connections *list);
/** Ends those that wait for a request, at the next tick. */
void oriel_connections_quiesce(struct oriel_connections *list);

#endif
