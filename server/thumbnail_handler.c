/* SPDX-License-Identifier: MIT
 *
 * GET /thumbnail.png. What there is is answered at once, and a newer one made for the next who asks. Loop thread, but
 * for `make`, which runs in a worker.
 */
#include <stdlib.h>

#include "core/clock.h"
#include "server/handlers.h"
#include "server/mount_work.h"
#include "server/request.h"
#include "server/state.h"

enum { AT_ONCE = 2 }; /* of all desktops: libuv's pool has four workers, for other things, too */

struct job {
  uv_work_t work;
  struct oriel_mount *mount;     /* held until on_made */
  struct oriel_desktop *desktop; /* lives until the worker has left it: see oriel_mount_set_desktop */
  struct oriel_capture capture;
  int status;
  uint8_t *png;
  size_t size;
};

static void make(uv_work_t *work) {
  struct job *job = work->data;
  job->status = oriel_desktop_thumbnail(job->desktop, &job->capture, ORIEL_THUMBNAIL_WIDTH, ORIEL_THUMBNAIL_HEIGHT,
                                        &job->png, &job->size);
  oriel_mount_worker_left(job->mount);
}

static void release(struct job *job) {
  oriel_capture_finish(&job->capture);
  free(job);
}

static void on_made(uv_work_t *work, int status) {
  struct job *job = work->data;
  struct oriel_mount *mount = job->mount;
  mount->thumbnail.making = false;
  mount->mounts->thumbnails_making--;
  mount->thumbnail.failed = status < 0 || job->status < 0;
  if (!mount->thumbnail.failed && mount->desktop == job->desktop)
    oriel_thumbnail_take(&mount->thumbnail, job->png, job->size, oriel_clock_ns());
  else
    free(job->png);
  oriel_mount_worker_done(mount);
  release(job);
}

/** There is one to be had, as far as the source says. */
static bool shows(struct oriel_desktop *desktop) {
  struct oriel_source_abilities abilities;
  oriel_desktop_abilities(desktop, &abilities);
  const enum oriel_source_state state = oriel_desktop_state(desktop);
  return abilities.display == ORIEL_DISPLAY_SHOWN &&
         (state == ORIEL_SOURCE_RUNNING || state == ORIEL_SOURCE_PAUSED);
}

static bool is_due(const struct oriel_mount *mount, uint64_t now_ns) {
  return oriel_thumbnail_due(&mount->thumbnail, now_ns) && mount->mounts->thumbnails_making < AT_ONCE &&
         shows(mount->desktop);
}

static void begin(struct oriel_mount *mount, uint64_t now_ns) {
  struct job *job = calloc(1, sizeof *job);
  if (!job)
    return;
  *job = (struct job){.mount = mount, .desktop = mount->desktop};
  job->work.data = job;
  if (oriel_capture_init(&job->capture)) {
    free(job);
    return;
  }
  if (oriel_mount_queue_work(mount, &job->work, make, on_made) < 0) {
    release(job);
    return;
  }
  mount->mounts->thumbnails_making++;
  mount->mounts->stats->thumbnails++;
  mount->thumbnail.making = true;
  mount->thumbnail.begun_ns = now_ns;
}

enum MHD_Result oriel_handle_thumbnail(struct oriel_request *request) {
  struct oriel_mount *mount = request->mount;
  if (!oriel_request_desktop(request) || request->server->closing)
    return oriel_answer_absent(request);
  struct oriel_thumbnail *thumbnail = &mount->thumbnail;
  const uint64_t now_ns = oriel_clock_ns();
  thumbnail->asked_ns = now_ns;
  if (is_due(mount, now_ns))
    begin(mount, now_ns);
  if (!oriel_thumbnail_fresh(thumbnail, now_ns))
    return oriel_answer_send(request, MHD_HTTP_NO_CONTENT,
                             oriel_answer_create(NULL, NULL, "", 0, MHD_RESPMEM_PERSISTENT));
  const bool same = oriel_request_knows(request, thumbnail->etag);
  struct MHD_Response *response =
    oriel_answer_create(same ? NULL : "image/png", "no-cache", thumbnail->png, same ? 0 : thumbnail->size,
                        MHD_RESPMEM_MUST_COPY);
  if (response)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, thumbnail->etag);
  return oriel_answer_send(request, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}
