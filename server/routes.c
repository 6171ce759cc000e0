/* SPDX-License-Identifier: MIT
 *
 * The route table. Constant data.
 */
#include "server/routes.h"

#include "server/handlers.h"
#include "webrtc/sdp.h"

#define GET .method = ORIEL_METHOD_GET
#define POST .method = ORIEL_METHOD_POST, .acts = true
#define DELETE .method = ORIEL_METHOD_DELETE, .acts = true
#define PATCH .method = ORIEL_METHOD_PATCH, .acts = true
#define OPTIONS .method = ORIEL_METHOD_OPTIONS

static const struct oriel_route routes[] = {
  {GET, .path = "/healthz", .any_host = true, /* probes of proxies have no Host, or their own */
    .scope = ORIEL_SCOPE_SERVER, .handle = oriel_handle_health},
  {POST, .path = "/session", .scope = ORIEL_SCOPE_EITHER, .handle = oriel_handle_login},
  {DELETE, .path = "/session", .scope = ORIEL_SCOPE_EITHER, .handle = oriel_handle_logout},
  {GET, .path = "/ws", .upgrades = true, .acts = true, .handle = oriel_handle_websocket},
  {GET, .path = "/snapshot.png", .api = "/snapshot.png", .handle = oriel_handle_snapshot},
  {GET, .path = "/thumbnail.png", .api = "/thumbnail.png", .handle = oriel_handle_thumbnail},
  {GET, .path = "/config", .shared = true, .handle = oriel_handle_config},
  {GET, .path = "/api/v1/desktop", .api = "", .handle = oriel_handle_desktop},
  {GET, .path = "/api/v1/share", .api = "/share", .handle = oriel_handle_share},
  {GET, .path = "/api/v1/screens", .api = "/screens", .handle = oriel_handle_screens},
  {POST, .path = "/api/v1/screens/", .below = true, .handle = oriel_handle_screen},
  {GET, .path = "/api/v1/stats", .api = "/stats", .handle = oriel_handle_stats},
  {POST, .path = "/api/v1/desktop/pause", .api = "/pause", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/resume", .api = "/resume", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/reset", .api = "/reset", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/powerdown", .api = "/powerdown", .handle = oriel_handle_command},
  {POST, .path = "/api/v1/desktop/start", .api = "/start", .handle = oriel_handle_start},
  {GET, .path = "/api/v1/desktops", .scope = ORIEL_SCOPE_SERVER, .handle = oriel_handle_desktops},
  {POST, .path = "/api/v1/desktops", .scope = ORIEL_SCOPE_SERVER, .handle = oriel_handle_add},
  {DELETE, .path = "/api/v1/desktop", .scope = ORIEL_SCOPE_NAMED, .api = "", .handle = oriel_handle_remove},
  {GET, .path = "/metrics", .scope = ORIEL_SCOPE_EITHER, .about_all = true, .api = "/metrics",
    .handle = oriel_handle_metrics},
  {POST, .path = "/whep", .shared = true, .body_max = ORIEL_SDP_MAX, .handle = oriel_handle_whep_offer},
  {GET, .path = "/whep", .shared = true, .handle = oriel_handle_whep_look},
  {OPTIONS, .path = "/whep", .shared = true, .handle = oriel_handle_whep_options},
  {POST, .path = "/whep/view", .shared = true, .body_max = ORIEL_SDP_MAX, .handle = oriel_handle_whep_offer},
  {GET, .path = "/whep/view", .shared = true, .handle = oriel_handle_whep_look},
  {OPTIONS, .path = "/whep/view", .shared = true, .handle = oriel_handle_whep_options},
  {GET, .path = "/whep/session/", .below = true, .shared = true, .handle = oriel_handle_whep_look},
  {PATCH, .path = "/whep/session/", .below = true, .shared = true, .body_max = ORIEL_SDP_MAX,
    .handle = oriel_handle_whep_patch},
  {DELETE, .path = "/whep/session/", .below = true, .shared = true, .handle = oriel_handle_whep_delete},
  {OPTIONS, .path = "/whep/session/", .below = true, .shared = true, .handle = oriel_handle_whep_options},
};

static const struct oriel_route asset_route = {
  GET, .path = "", .scope = ORIEL_SCOPE_EITHER, .handle = oriel_handle_asset};

const struct oriel_routes oriel_routes = {
  .rows = routes, .count = sizeof routes / sizeof *routes, .asset = &asset_route,
};
