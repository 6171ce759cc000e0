/* SPDX-License-Identifier: MIT
 *
 * /api/v1/desktops: which there are, adding one and removing one. Loop thread.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "server/audit.h"
#include "server/handlers.h"
#include "server/mount_access.h"
#include "server/order.h"
#include "server/peer_crowd.h"
#include "server/request.h"
#include "server/state.h"

/** What the visitor may do at one of the desktops. */
static enum oriel_right right_at(const struct oriel_request *request, const struct oriel_mount *mount) {
  if (request->party == ORIEL_PARTY_ADMIN)
    return ORIEL_RIGHT_VIEW;
  return oriel_mount_right(&request->server->mounts, mount, &request->opener, NULL);
}

static json_t *entry_of(const struct oriel_mount *mount, enum oriel_right right) {
  struct oriel_source_abilities abilities = {0};
  const char *state = "absent";
  if (mount->desktop) {
    state = oriel_source_state_name(oriel_desktop_state(mount->desktop));
    oriel_desktop_abilities(mount->desktop, &abilities);
  }
  const char *controller = oriel_peers_controller(mount);
  json_t *name = controller ? oriel_answer_text(controller) : json_null();
  return json_pack("{s:s,s:s*,s:s,s:s,s:i,s:o,s:b,s:b,s:b}", "name", mount->name, "machine",
                   mount->machine[0] ? mount->machine : NULL, "state", state, "display",
                   oriel_source_display_name(abilities.display), "viewers", (int)mount->peer_count, "controller",
                   name, "view", right == ORIEL_RIGHT_VIEW, "commands", abilities.command,
                   "start", mount->start != NULL);
}

enum MHD_Result oriel_handle_desktops(struct oriel_request *request) {
  json_t *list = json_array();
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(&request->server->mounts, mount)) != NULL;) {
    const enum oriel_right right = right_at(request, mount);
    if (right != ORIEL_RIGHT_NONE)
      (void)json_array_append_new(list, entry_of(mount, right));
  }
  return oriel_answer_json(request, MHD_HTTP_OK,
                           json_pack("{s:o,s:b,s:s}", "desktops", list, "all", request->all, "version",
                                     request->server->site.version));
}

/* ---- adding and removing: the administrator's ---- */

static enum MHD_Result refuse(struct oriel_request *request, int status, const char *why) {
  switch (status) {
  case -EEXIST:
    return oriel_answer_error(request, MHD_HTTP_CONFLICT, why, NULL, NULL);
  case -EINVAL:
    return oriel_answer_error(request, MHD_HTTP_BAD_REQUEST, why, NULL, NULL);
  case -ENOENT:
    return oriel_answer_error(request, MHD_HTTP_NOT_FOUND, why, NULL, NULL);
  case -EPERM:
    return oriel_answer_error(request, MHD_HTTP_FORBIDDEN, why, NULL, NULL);
  case -ENOSPC:
    return oriel_answer_error(request, MHD_HTTP_INSUFFICIENT_STORAGE, why, NULL, NULL);
  default:
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, why, "Retry-After", "1");
  }
}

static enum MHD_Result answer_added(struct oriel_request *request, const char *name) {
  char location[ORIEL_PUBLIC_PATH_MAX + ORIEL_MOUNT_NAME_MAX + 8];
  const struct oriel_mount *mount = oriel_mount_find(&request->server->mounts, name, strlen(name));
  snprintf(location, sizeof location, "%sd/%s/", request->server->site.public_address.path, mount ? mount->name : "");
  struct MHD_Response *response =
    oriel_answer_create_json(json_pack("{s:s,s:s}", "name", mount ? mount->name : "", "path", location));
  if (response)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
  return oriel_answer_send(request, MHD_HTTP_CREATED, response);
}

enum MHD_Result oriel_handle_add(struct oriel_request *request) {
  const struct oriel_server_registry *registry = &request->server->registry;
  struct oriel_order order;
  char why[512] = "this server adds and removes no desktops";
  int status = registry->add ? oriel_order_parse(request->body, request->body_size, &order, why, sizeof why) : -EPERM;
  explicit_bzero(request->body, sizeof request->body);
  if (status < 0)
    return refuse(request, status, why);
  snprintf(why, sizeof why, "this desktop cannot be served");
  const char *const *options = (const char *const *)order.options;
  status = registry->add(registry->user, order.name, order.address, options, why, sizeof why);
  char name[ORIEL_MOUNT_NAME_MAX + 1];
  oriel_audit_sanitize(order.name, name, sizeof name);
  oriel_audit("desktop-added", request->client, NULL, "result=%s name=\"%s\"", status == 0 ? "done" : "refused",
              name);
  const enum MHD_Result result = status < 0 ? refuse(request, status, why) : answer_added(request, order.name);
  oriel_order_finish(&order);
  return result;
}

enum MHD_Result oriel_handle_remove(struct oriel_request *request) {
  const struct oriel_server_registry *registry = &request->server->registry;
  char why[512] = "this server adds and removes no desktops";
  int status = -EPERM;
  if (registry->remove) {
    snprintf(why, sizeof why, "this desktop cannot be removed");
    status = registry->remove(registry->user, request->mount->name, why, sizeof why);
    oriel_audit("desktop-removed", request->client, NULL, "result=%s name=\"%s\"", status == 0 ? "done" : "refused",
                request->mount->name);
  }
  if (status < 0)
    return refuse(request, status, why);
  return oriel_answer_send(request, MHD_HTTP_NO_CONTENT,
                           oriel_answer_create(NULL, NULL, "", 0, MHD_RESPMEM_PERSISTENT));
}
