/* SPDX-License-Identifier: MIT
 *
 * GET /thumbnail.png. What there is is answered at once, and a newer one made for the next who asks. Loop thread, but
 * for `make`, which runs in a worker.
 */
#include "server/thumbnail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/hash.h"
#include "server/mount.h"
#include "server/route.h"

#define PERIOD_NS ORIEL_NS_PER_SECOND
#define FAILED_NS (10 * ORIEL_NS_PER_SECOND) /* a try at a screen that shows nothing holds a worker for 2 s */
#define STALE_NS (5 * ORIEL_NS_PER_SECOND)   /* not shown as if it were the present any more */
#define FORGOTTEN_NS (30 * ORIEL_NS_PER_SECOND)

struct job {
  uv_work_t work;
  struct oriel_mount *mount;     /* held until on_made */
  struct oriel_desktop *desktop; /* lives until the worker has left it: see oriel_mount_set_desktop */
  int status;
  uint8_t *png;
  size_t size;
};

void oriel_thumbnail_drop(struct oriel_thumbnail *thumbnail) {
  free(thumbnail->png);
  thumbnail->png = NULL;
  thumbnail->failed = false;
}

void oriel_thumbnails_tick(struct oriel_server *server, uint64_t now_ns) {
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(server, mount)) != NULL;) {
    if (mount->thumbnail.png && now_ns - mount->thumbnail.asked_ns > FORGOTTEN_NS)
      oriel_thumbnail_drop(&mount->thumbnail);
  }
}

static void make(uv_work_t *work) {
  struct job *job = work->data;
  job->status = oriel_desktop_thumbnail(job->desktop, ORIEL_THUMBNAIL_WIDTH, ORIEL_THUMBNAIL_HEIGHT, &job->png,
                                        &job->size);
  oriel_mount_worker_left(job->mount);
}

static void take(struct oriel_thumbnail *thumbnail, struct job *job) {
  oriel_thumbnail_drop(thumbnail);
  thumbnail->png = job->png;
  thumbnail->size = job->size;
  thumbnail->made_ns = oriel_clock_ns();
  snprintf(thumbnail->etag, sizeof thumbnail->etag, "\"%016" PRIx64 "\"", oriel_hash(job->png, job->size));
  job->png = NULL;
}

static void on_made(uv_work_t *work, int status) {
  struct job *job = work->data;
  struct oriel_mount *mount = job->mount;
  mount->thumbnail.making = false;
  mount->server->thumbnails_making--;
  mount->thumbnail.failed = status < 0 || job->status < 0;
  if (!mount->thumbnail.failed && mount->desktop == job->desktop)
    take(&mount->thumbnail, job);
  oriel_mount_worker_done(mount);
  free(job->png);
  free(job);
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
  const struct oriel_thumbnail *thumbnail = &mount->thumbnail;
  const uint64_t period_ns = thumbnail->failed ? FAILED_NS : PERIOD_NS;
  return !thumbnail->making && mount->server->thumbnails_making < ORIEL_THUMBNAILS_AT_ONCE &&
         (!thumbnail->begun_ns || now_ns - thumbnail->begun_ns >= period_ns) && shows(mount->desktop);
}

static void begin(struct oriel_mount *mount, uint64_t now_ns) {
  struct job *job = calloc(1, sizeof *job);
  if (!job)
    return;
  *job = (struct job){.mount = mount, .desktop = mount->desktop};
  job->work.data = job;
  if (oriel_mount_queue_work(mount, &job->work, make, on_made) < 0) {
    free(job);
    return;
  }
  mount->server->thumbnails_making++;
  mount->server->stats.thumbnails++;
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
  if (!thumbnail->png || now_ns - thumbnail->made_ns > STALE_NS)
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
