/* SPDX-License-Identifier: MIT
 *
 * /api/v1/screens: the other screens of a desktop's machine, as far as who asks may see them. Loop thread.
 */
#include <jansson.h>
#include <string.h>

#include "server/handlers.h"
#include "server/mount_access.h"
#include "server/request.h"
#include "server/state.h"

static bool is_other_screen(const struct oriel_request *request, const struct oriel_mount *mount) {
  return mount != request->mount && *mount->machine && strcmp(mount->machine, request->mount->machine) == 0 &&
         oriel_mount_right(&request->server->mounts, mount, &request->opener, NULL) != ORIEL_RIGHT_NONE;
}

enum MHD_Result oriel_handle_screens(struct oriel_request *request) {
  json_t *names = json_array();
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(&request->server->mounts, mount)) != NULL;) {
    if (is_other_screen(request, mount))
      (void)json_array_append_new(names, json_string(mount->name));
  }
  return oriel_answer_json(request, MHD_HTTP_OK, json_pack("{s:o}", "screens", names));
}

enum MHD_Result oriel_handle_screen(struct oriel_request *request) {
  const char *name = strrchr(request->path, '/') + 1;
  const struct oriel_mount *mount = oriel_mount_find(&request->server->mounts, name, strlen(name));
  if (!mount || !is_other_screen(request, mount))
    return oriel_answer_error(request, MHD_HTTP_NOT_FOUND, "this machine has no such screen that the session opens",
                              NULL, NULL);
  return oriel_session_lend(request, mount);
}
