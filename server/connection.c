/* SPDX-License-Identifier: MIT
 *
 * HTTP connections and their time. Loop thread.
 */
#include "server/connection.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"

enum {
  HEADERS_LIMIT_S = 5,
  BODY_LIMIT_S = 5,
  ANSWER_LIMIT_S = 60,
  IDLE_LIMIT_S = 15, /* until the next request's headers are whole */
};

void oriel_connection_phase(struct oriel_connection *connection, enum connection_phase phase) {
  static const unsigned limits_s[] = {
    [CONNECTION_HEADERS] = HEADERS_LIMIT_S,
    [CONNECTION_BODY] = BODY_LIMIT_S,
    [CONNECTION_ANSWER] = ANSWER_LIMIT_S,
    [CONNECTION_IDLE] = IDLE_LIMIT_S,
    [CONNECTION_UPGRADED] = 0,
  };
  connection->phase = phase;
  connection->phase_ns = oriel_clock_ns();
  connection->deadline_ns = connection->phase_ns + limits_s[phase] * ORIEL_NS_PER_SECOND;
}

void oriel_connection_doom(struct oriel_connection *connection) {
  (void)shutdown(connection->fd, SHUT_RDWR);
  connection->doomed = true;
}

static bool has_ended(const struct oriel_connection *connection) {
  char byte;
  return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/** Dooms a connection whose client has gone. libmicrohttpd reads once per edge of its epoll, so the end of a stream
 *  that came together with the last bytes shows to it only at the deadline; of one that is suspended it sees nothing. */
static void doom_if_ended(struct oriel_connection *connection) {
  if (connection->abandon && has_ended(connection))
    connection->abandon(connection->abandon_user);
  if (!connection->doomed && !connection->suspended && has_ended(connection))
    oriel_connection_doom(connection);
}

void oriel_connections_reap(struct oriel_connections *list) {
  for (struct oriel_connection *connection = list->first; connection; connection = connection->next)
    doom_if_ended(connection);
}

static void enlist(struct oriel_connections *list, struct oriel_connection *connection) {
  connection->list = list;
  connection->next = list->first;
  if (connection->next)
    connection->next->previous = connection;
  list->first = connection;
  list->count++;
  list->stats->connections++;
}

struct oriel_connection *oriel_connection_open(struct oriel_connections *list, struct MHD_Connection *mhd,
                                               const struct oriel_carrier *carrier) {
  struct oriel_connection *connection = calloc(1, sizeof *connection);
  if (!connection)
    return NULL;
  connection->http = mhd;
  connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  const struct sockaddr *client = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  oriel_address_key(client, &connection->key);
  oriel_address_text(client, connection->client);
  struct sockaddr_storage local = {0};
  socklen_t size = sizeof local;
  oriel_connection_phase(connection, CONNECTION_HEADERS);
  connection->carrier = carrier;
  connection->carried = carrier != NULL;
  if (carrier) {
    uint64_t accepted_ns;
    carrier->impl->opened(carrier->user, connection, &local, &accepted_ns);
    connection->phase_ns = accepted_ns;
    connection->deadline_ns = accepted_ns + HEADERS_LIMIT_S * ORIEL_NS_PER_SECOND;
  } else {
    (void)getsockname(connection->fd, (struct sockaddr *)&local, &size);
  }
  oriel_address_text((struct sockaddr *)&local, connection->local);
  enlist(list, connection);
  return connection;
}

void oriel_connection_unlist(struct oriel_connection *connection) {
  struct oriel_connections *list = connection->list;
  if (connection->phase == CONNECTION_UPGRADED)
    return;
  if (connection->previous)
    connection->previous->next = connection->next;
  else
    list->first = connection->next;
  if (connection->next)
    connection->next->previous = connection->previous;
  list->count--;
}

void oriel_connection_close(struct oriel_connection *connection) {
  oriel_connection_unlist(connection);
  if (connection->carrier)
    connection->carrier->impl->closed(connection->carrier->user);
  free(connection);
}

int oriel_connection_link(struct oriel_connection *connection, int socket, void (*closed)(void *connection),
                          struct oriel_link **link) {
  const struct oriel_carrier *carrier = connection->carrier;
  if (connection->carried)
    return carrier ? carrier->impl->give(carrier->user, socket, link) : -ECONNRESET;
  *link = oriel_link_plain(&connection->link, socket, closed, connection);
  return 0;
}

void oriel_connections_tick(struct oriel_connections *list, uint64_t now_ns) {
  for (struct oriel_connection *connection = list->first; connection; connection = connection->next) {
    if (connection->abandon)
      doom_if_ended(connection);
    if (connection->suspended || connection->doomed)
      continue;
    if (now_ns >= connection->deadline_ns) {
      if (connection->phase != CONNECTION_IDLE)
        list->stats->deadlines++;
      oriel_connection_doom(connection);
    } else if (connection->phase != CONNECTION_ANSWER) {
      doom_if_ended(connection);
    }
  }
}

void oriel_connections_quiesce(struct oriel_connections *list) {
  for (struct oriel_connection *connection = list->first; connection; connection = connection->next) {
    if (connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEADERS)
      connection->deadline_ns = 0;
  }
}
