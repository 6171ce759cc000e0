/* SPDX-License-Identifier: MIT
 *
 * The desktops that a process serves: begun and ended one by one while the others go on, replaced as a new list of
 * options asks, and ended all together within a time limit.
 *
 * Ending one may take as long as its source does, so workers do it; its name is free when it is gone.
 *
 * Thread-safety: main thread, on its libuv loop.
 */
#ifndef ORIEL_CLI_HOST_H
#define ORIEL_CLI_HOST_H

#include <pthread.h>

#include "cli/host_desktop.h"

struct oriel_host {
  /* Set by the owner before the first desktop. */
  uv_loop_t *loop;
  struct oriel_host_site site;
  void (*settled)(void *user); /* the last one that was leaving is gone, with site.user; NULL = nobody asks */

  struct oriel_host_desktop *first; /* in the order they came */
  unsigned count, leaving;          /* of them; of these, those on their way out */
  bool closing;                     /* no other ones begin */
  pthread_mutex_t lock;             /* guards `busy` */
  pthread_cond_t idle;
  unsigned busy;                    /* workers that end desktops */
};

void oriel_host_init(struct oriel_host *host, uv_loop_t *loop);
/** Serves one more; `added`: at run time, so that it is not of the list that oriel_host_apply knows. One of that name
 *  that is on its way out is waited for, without waiting here. 0, or errors of oriel_host_plan_create and
 *  oriel_host_desktop_open; -EEXIST: the name is taken. */
int oriel_host_add(struct oriel_host *host, const struct oriel_desktop_options *options, bool added, char *why,
                   size_t why_size);
/** Begins to end a desktop that was added at run time: it is no longer served when this returns. 0; -ENOENT; -EPERM: it
 *  is of the list. */
int oriel_host_remove(struct oriel_host *host, const char *name, char *why, size_t why_size);
/** Has served what the list says: begins what is new, ends what is missing, replaces what differs, leaves the rest
 *  alone. First everything is checked: -EINVAL, -ENOMEM with a sentence in `why` (at least 512 bytes), and nothing has
 *  changed. 0 otherwise; what could then not be begun was printed. */
int oriel_host_apply(struct oriel_host *host, const struct oriel_desktop_options *desktops, unsigned count, char *why,
                     size_t why_size);
/** Whether one waits for its VM to answer. */
bool oriel_host_is_connecting(const struct oriel_host *host);
/** Takes all from their viewers, at once, before the server closes; none begins after it. */
void oriel_host_close(struct oriel_host *host);
/** Once the server is closed, in its done callback: ends all, several at a time, and waits. 0; -ETIMEDOUT: some are
 *  still being ended after `limit_ms`, and their threads run on. */
int oriel_host_end(struct oriel_host *host, unsigned limit_ms);
/** Frees what is left when the loop has ended. */
void oriel_host_finish(struct oriel_host *host);

#endif
