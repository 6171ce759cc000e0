/* SPDX-License-Identifier: MIT
 *
 * The desktops of a process, opened and ended by threads: opening one is some ms of work, which at run time would delay
 * the viewers of the others, and ending one may take as long as its source does. A name is free when what had it is
 * gone.
 *
 * Thread-safety: main thread, on its libuv loop.
 */
#ifndef ORIEL_CLI_HOST_WORK_H
#define ORIEL_CLI_HOST_WORK_H

#include <stdatomic.h>

#include "cli/host_desktop.h"
#include "cli/jobs.h"

struct oriel_host {
  /* Set by the owner before the first desktop. */
  struct oriel_host_site site;
  uv_async_t heads_changed; /* host_heads.c's */
  void (*settled)(void *user); /* the threads have nothing to do, with site.user; NULL = nobody asks */

  struct oriel_host_desktop *first; /* in the order they came */
  unsigned count, moving;           /* of them; of these, those that threads have to open or to end */
  atomic_bool closing;              /* no other ones begin; set by the main thread */
  struct oriel_jobs jobs;
};

/** 0, or libuv's error; then there is nothing to finish. */
int oriel_host_init(struct oriel_host *host, uv_loop_t *loop);
/** Frees what is left when the loop has ended. */
void oriel_host_finish(struct oriel_host *host);
/** The one of that name; NULL. */
struct oriel_host_desktop *oriel_host_find(const struct oriel_host *host, const char *name);
/** Takes one over that is open. */
void oriel_host_append(struct oriel_host *host, struct oriel_host_desktop *hosted);
/** Takes the plan over, and begins to serve it: what a thread finds is printed, and the desktop removed. 0, or errors
 *  of oriel_host_desktop_create. */
int oriel_host_begin(struct oriel_host *host, struct oriel_host_plan *plan, char *why, size_t why_size);
/** Begins to end it, once: it is no longer served when this returns. Then its successor begins. */
void oriel_host_leave(struct oriel_host_desktop *hosted);
/** Has one ended that nothing of the server's is inside. */
void oriel_host_end_one(struct oriel_host_desktop *hosted);

#endif
