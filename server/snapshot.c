/* SPDX-License-Identifier: MIT
 *
 * GET /snapshot.png. The picture is made by a worker of libuv's pool while the connection sleeps; at most two at a
 * time of a desktop, eight of all. Loop thread, but for `make`, which runs in a worker.
 */
#include <errno.h>
#include <stdlib.h>

#include "server/handlers.h"
#include "server/mount_work.h"
#include "server/request.h"
#include "server/state.h"

enum {
  SNAPSHOTS_MAX = 2,   /* of a desktop at a time: each holds a worker thread and a picture */
  SNAPSHOTS_TOTAL = 8, /* of all */
};

struct oriel_snapshot {
  uv_work_t work;
  struct oriel_mount *mount;     /* held until on_made */
  struct oriel_desktop *desktop; /* lives until the worker has left it: see oriel_mount_set_desktop */
  struct oriel_request *request; /* NULL when it ended before the picture was there */
  struct oriel_capture capture;
  bool done;
  int status;
  uint8_t *png;
  size_t size;
};

static void make(uv_work_t *work) {
  struct oriel_snapshot *snapshot = work->data;
  snapshot->status = oriel_desktop_snapshot(snapshot->desktop, &snapshot->capture, &snapshot->png, &snapshot->size);
  oriel_mount_worker_left(snapshot->mount);
}

static void release(struct oriel_snapshot *snapshot) {
  oriel_capture_finish(&snapshot->capture);
  free(snapshot->png);
  free(snapshot);
}

static void on_made(uv_work_t *work, int status) {
  struct oriel_snapshot *snapshot = work->data;
  snapshot->mount->mounts->snapshots--;
  snapshot->mount->snapshots--;
  oriel_mount_worker_done(snapshot->mount);
  snapshot->done = true;
  if (status < 0)
    snapshot->status = status;
  if (!snapshot->request) {
    release(snapshot);
    return;
  }
  snapshot->request->connection->suspended = false;
  snapshot->request->connection->abandon = NULL;
  oriel_connection_phase(snapshot->request->connection, CONNECTION_BODY);
  MHD_resume_connection(snapshot->request->http);
  oriel_http_pump(snapshot->request->connection->owner);
}

/* Whoever asked for it has gone: the worker makes it no further. */
static void cancel(void *user) {
  struct oriel_snapshot *snapshot = user;
  oriel_capture_cancel(&snapshot->capture);
}

static void drop(struct oriel_request *request) {
  struct oriel_snapshot *snapshot = request->snapshot;
  snapshot->request = NULL;
  request->connection->abandon = NULL;
  if (snapshot->done)
    release(snapshot);
  else
    cancel(snapshot);
}

static enum MHD_Result answer(struct oriel_request *request, struct oriel_snapshot *snapshot) {
  if (snapshot->status == -ECANCELED) /* nobody is there to read an answer */
    return MHD_NO;
  if (snapshot->status < 0 && !oriel_request_desktop(request))
    return oriel_answer_absent(request);
  if (snapshot->status < 0)
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the desktop shows no picture yet", "Retry-After",
                              "1");
  struct MHD_Response *response =
    oriel_answer_create("image/png", NULL, snapshot->png, snapshot->size, MHD_RESPMEM_MUST_FREE);
  if (response)
    snapshot->png = NULL; /* the response frees it */
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}

static enum MHD_Result start(struct oriel_request *request) {
  struct oriel_mount *mount = request->mount;
  struct oriel_snapshot *snapshot = calloc(1, sizeof *snapshot);
  if (!snapshot)
    return MHD_NO;
  *snapshot = (struct oriel_snapshot){.mount = mount, .desktop = mount->desktop, .request = request};
  snapshot->work.data = snapshot;
  if (oriel_capture_init(&snapshot->capture)) {
    free(snapshot);
    return MHD_NO;
  }
  if (oriel_mount_queue_work(mount, &snapshot->work, make, on_made) < 0) {
    release(snapshot);
    return MHD_NO;
  }
  mount->mounts->snapshots++;
  mount->snapshots++;
  request->snapshot = snapshot;
  request->drop = drop;
  request->connection->suspended = true;
  request->connection->abandon = cancel;
  request->connection->abandon_user = snapshot;
  MHD_suspend_connection(request->http);
  return MHD_YES;
}

enum MHD_Result oriel_handle_snapshot(struct oriel_request *request) {
  if (request->snapshot)
    return answer(request, request->snapshot);
  if (!oriel_request_desktop(request) || request->server->closing)
    return oriel_answer_absent(request);
  if (request->mount->snapshots >= SNAPSHOTS_MAX)
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "two snapshots are being made; try again soon",
                              "Retry-After", "1");
  if (request->mount->mounts->snapshots >= SNAPSHOTS_TOTAL)
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                              "snapshots of other desktops are being made; try again soon", "Retry-After", "1");
  return start(request);
}
