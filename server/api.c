/* SPDX-License-Identifier: MIT
 *
 * /api/v1: what is served, and commands. Loop thread.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "core/clock.h"
#include "server/audit.h"
#include "server/handlers.h"
#include "server/mount_access.h"
#include "server/request.h"
#include "server/route.h"
#include "server/state.h"

#define UPGRADE_NOTICE_NS (15 * ORIEL_NS_PER_SECOND) /* the page asks within its reconnecting back-off */

static void set(json_t *object, const char *name, uint32_t value) {
  (void)json_object_set_new(object, name, json_integer(value));
}

static void set_text(json_t *object, const char *name, const char *text) {
  (void)json_object_set_new(object, name, oriel_answer_text(text));
}

static void set_bool(json_t *object, const char *name, bool value) {
  (void)json_object_set_new(object, name, json_boolean(value));
}

static json_t *capabilities_of(const struct oriel_mount *mount) {
  const struct oriel_source_abilities *abilities = &mount->mounts->desktop_stats.abilities;
  json_t *list = json_array();
  (void)json_array_append_new(list, json_string("h264"));
  (void)json_array_append_new(list, json_string("tiles"));
  if (abilities->sound)
    (void)json_array_append_new(list, json_string("opus"));
  if (abilities->resize)
    (void)json_array_append_new(list, json_string("resize"));
  if (abilities->command)
    (void)json_array_append_new(list, json_string("commands"));
  if (mount->start)
    (void)json_array_append_new(list, json_string("start"));
  return list;
}

enum MHD_Result oriel_handle_desktop(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  struct oriel_desktop_stats *stats = &server->mounts.desktop_stats;
  if (!desktop)
    return oriel_answer_absent(request);
  if (request->session) /* a page that is opened again asks so whether its cookie is still good */
    oriel_desktop_expect(desktop);
  oriel_desktop_stats(desktop, stats);
  json_t *root = json_object();
  set_text(root, "name", stats->source.name);
  set_text(root, "kind", stats->source.kind ? stats->source.kind : "");
  set_text(root, "state", oriel_source_state_name(stats->state));
  set_text(root, "detail", stats->detail);
  set_text(root, "display", oriel_source_display_name(stats->abilities.display));
  set(root, "width", stats->width);
  set(root, "height", stats->height);
  set_bool(root, "controller", stats->controller != 0);
  set(root, "viewers", stats->viewers);
  set(root, "console", stats->source.console);
  set(root, "consoles", stats->source.consoles);
  (void)json_object_set_new(root, "capabilities", capabilities_of(request->mount));
  set_text(root, "version", server->site.version);
  if (server->site.upgrade_lost_ns && oriel_clock_ns() - server->site.upgrade_lost_ns < UPGRADE_NOTICE_NS)
    set_text(root, "notice",
             "The proxy does not pass WebSocket upgrades: it drops the Upgrade and Connection headers.");
  return oriel_answer_json(request, MHD_HTTP_OK, root);
}

enum MHD_Result oriel_handle_share(struct oriel_request *request) {
  /* The server's opens all desktops: it goes to nobody who has one, nor to those who are to see this one. */
  const char *token = request->mount ? oriel_mount_share(request->mount, request->all) : NULL;
  if (!token)
    return oriel_answer_error(request, MHD_HTTP_NOT_FOUND, "there is no token for viewing", NULL, NULL);
  return oriel_answer_json(request, MHD_HTTP_OK, json_pack("{s:s}", "token", token));
}

static void audit_command(const struct oriel_request *request, int status) {
  oriel_audit("command", request->client, oriel_mount_named(request->mount, request->named),
              "role=%s command=%s result=%s", oriel_party_name(request->party),
              strrchr(request->route->path, '/') + 1, status == 0 ? "passed-on" : "refused");
}

enum MHD_Result oriel_handle_start(struct oriel_request *request) {
  const struct oriel_mount *mount = request->mount;
  if (!oriel_request_desktop(request))
    return oriel_answer_absent(request);
  const int status = mount->start ? mount->start(mount->start_user) : -ENOTSUP;
  audit_command(request, status);
  switch (status) {
  case 0:
    return oriel_answer_json(request, MHD_HTTP_ACCEPTED, json_object());
  case -ENOTSUP:
    return oriel_answer_error(request, MHD_HTTP_NOT_IMPLEMENTED,
                              "this machine was not started here, so it is started where it was", NULL, NULL);
  case -EALREADY:
    return oriel_answer_error(request, MHD_HTTP_CONFLICT, "the machine runs, or is being started", NULL, NULL);
  default:
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is about to end", NULL, NULL);
  }
}

enum MHD_Result oriel_handle_command(struct oriel_request *request) {
  static const struct {
    const char *path;
    enum oriel_source_command command;
  } commands[] = {
    {"/api/v1/desktop/pause", ORIEL_COMMAND_PAUSE},
    {"/api/v1/desktop/resume", ORIEL_COMMAND_RESUME},
    {"/api/v1/desktop/reset", ORIEL_COMMAND_RESET},
    {"/api/v1/desktop/powerdown", ORIEL_COMMAND_POWERDOWN},
  };
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  if (!desktop)
    return oriel_answer_absent(request);
  int status = -EINVAL;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(commands[i].path, request->route->path) == 0)
      status = oriel_desktop_command(desktop, commands[i].command);
  }
  audit_command(request, status);
  switch (status) {
  case 0:
    return oriel_answer_json(request, MHD_HTTP_ACCEPTED, json_object());
  case -ENOTSUP:
    return oriel_answer_error(request, MHD_HTTP_NOT_IMPLEMENTED, "this desktop takes no commands", NULL, NULL);
  case -EAGAIN:
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                              "too many commands wait for the VM; try again in a second", "Retry-After", "1");
  default:
    return oriel_answer_error(request, MHD_HTTP_CONFLICT, "the VM is not connected now", NULL, NULL);
  }
}
