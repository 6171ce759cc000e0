/* SPDX-License-Identifier: MIT
 *
 * GET /ws: from an HTTP connection to a viewer's. Loop thread.
 */
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "server/handlers.h"
#include "server/handshake.h"
#include "server/peer.h"
#include "server/peer_crowd.h"
#include "server/request.h"
#include "server/state.h"
#include "wire/viewer.h"

/** libmicrohttpd may have the socket back that it gave with the upgrade. */
static void give_back(void *user) {
  struct oriel_connection *connection = user;
  struct oriel_http *http = connection->owner;
  (void)MHD_upgrade_action(connection->upgrade, MHD_UPGRADE_ACTION_CLOSE); /* may free the connection */
  /* The socket is closed by a run of libmicrohttpd, which does not announce it when this comes from inside one. */
  oriel_http_pump_soon(http);
}

static void on_upgraded(void *user, struct MHD_Connection *http, void *context, const char *early, size_t early_size,
                        MHD_socket socket, struct MHD_UpgradeResponseHandle *upgrade) {
  struct oriel_request *request = context;
  struct oriel_connection *connection = request->connection;
  (void)user;
  (void)http;
  connection->upgrade = upgrade;
  oriel_connection_unlist(connection); /* from here on the peer's own time limits hold */
  oriel_connection_phase(connection, CONNECTION_UPGRADED);
  const bool carried = connection->carried;
  struct oriel_peer_config config = {
    .proxies = &request->server->site.proxies,
    .early = early,
    .early_size = early_size,
    .session = request->session,
    .sessions = request->sessions,
    .proved = !request->unproved,
    .view = request->party == ORIEL_PARTY_WATCHER,
    .named = request->named,
    .address = request->client,
    .key = request->key,
  };
  int status = oriel_connection_link(connection, socket, give_back, &config.link);
  if (status == 0)
    status = oriel_peer_create(request->mount, &config);
  if (status < 0)
    oriel_warn("server", "viewer %s could not be served: %s", request->client, strerror(-status));
  if (carried) /* what carried it has done its part */
    give_back(connection);
}

static enum MHD_Result refuse(struct oriel_request *request, enum oriel_handshake_result result) {
  switch (result) {
  case ORIEL_HANDSHAKE_NOT_WEBSOCKET:
    return oriel_answer_error(request, MHD_HTTP_UPGRADE_REQUIRED, "this path speaks only WebSocket", "Upgrade",
                              "websocket");
  case ORIEL_HANDSHAKE_VERSION:
    return oriel_answer_error(request, MHD_HTTP_UPGRADE_REQUIRED, "only WebSocket version 13 is spoken here",
                              "Sec-WebSocket-Version", "13");
  case ORIEL_HANDSHAKE_SHORT:
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "memory is short", "Retry-After", "1");
  case ORIEL_HANDSHAKE_KEY:
    return oriel_answer_error(request, MHD_HTTP_BAD_REQUEST, "the Sec-WebSocket-Key is not 16 bytes in base64", NULL,
                              NULL);
  default:
    return oriel_answer_error(request, MHD_HTTP_BAD_REQUEST, "the subprotocol must be " ORIEL_VIEWER_SUBPROTOCOL,
                              NULL, NULL);
  }
}

enum MHD_Result oriel_handle_websocket(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  char accept[ORIEL_HANDSHAKE_ACCEPT_SIZE];
  unsigned upgrades, connections, versions, keys, protocols;
  struct oriel_handshake handshake = {
    .http_version = request->version,
    .upgrade = oriel_request_header(request, "Upgrade", &upgrades),
    .connection = oriel_request_header(request, "Connection", &connections),
    .version = oriel_request_header(request, "Sec-WebSocket-Version", &versions),
    .key = oriel_request_header(request, "Sec-WebSocket-Key", &keys),
    .protocol = oriel_request_header(request, "Sec-WebSocket-Protocol", &protocols),
  };
  enum oriel_handshake_result result = oriel_handshake_check(&handshake, accept);
  if (result == ORIEL_HANDSHAKE_OK && keys != 1)
    result = ORIEL_HANDSHAKE_KEY;
  /* Upgrade and Connection are for one hop: a proxy that does not know WebSocket drops them and passes the rest on. */
  if (result == ORIEL_HANDSHAKE_NOT_WEBSOCKET && keys > 0)
    server->site.upgrade_lost_ns = oriel_clock_ns();
  if (result != ORIEL_HANDSHAKE_OK)
    return refuse(request, result);
  if (server->closing || !oriel_request_desktop(request))
    return oriel_answer_absent(request);
  if (oriel_peers_crowded(request->mount, request->party == ORIEL_PARTY_WATCHER))
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many viewers are connected", "Retry-After",
                              "5");
  struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgraded, server);
  if (!response)
    return MHD_NO;
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
  (void)MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
  (void)MHD_add_response_header(response, "Sec-WebSocket-Protocol", ORIEL_VIEWER_SUBPROTOCOL);
  oriel_answer_secure(response, NULL, NULL);
  return oriel_answer_send(request, MHD_HTTP_SWITCHING_PROTOCOLS, response);
}
