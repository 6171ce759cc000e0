/* SPDX-License-Identifier: MIT
 *
 * The desktops that a process serves: begun and ended one by one while the others go on, replaced as a new list of
 * options asks, and ended all together within a time limit.
 *
 * Thread-safety: main thread, on its libuv loop.
 */
#ifndef ORIEL_CLI_HOST_H
#define ORIEL_CLI_HOST_H

#include "cli/host_work.h"

/** Serves one more, of the list, and opens it right here: at start. 0, or errors of oriel_host_plan_create and
 *  oriel_host_desktop_open; -EEXIST: the name is taken. */
int oriel_host_open(struct oriel_host *host, const struct oriel_desktop_options *options, char *why, size_t why_size);
/** Serves one more at run time, which is not of the list that oriel_host_apply knows. As above; what a thread then
 *  finds is printed, and the desktop removed. */
int oriel_host_add(struct oriel_host *host, const struct oriel_desktop_options *options, char *why, size_t why_size);
/** Begins to end a desktop that was added at run time: it is no longer served when this returns. 0; -ENOENT; -EPERM: it
 *  is of the list. */
int oriel_host_remove(struct oriel_host *host, const char *name, char *why, size_t why_size);
/** A plan for each of a list, judged by all that can be judged without looking at what is served. Any thread: it may
 *  take 2 ms for each. 0, and the caller destroys them or hands them on; otherwise -EINVAL, -ENOMEM and others, with a
 *  sentence in `why` (at least 512 bytes). */
int oriel_host_plans_create(const struct oriel_desktop_options *desktops, unsigned count,
                            struct oriel_host_plan ***plans, char *why, size_t why_size);
/** NULL is fine. */
void oriel_host_plans_destroy(struct oriel_host_plan **plans, unsigned count);
/** Has served what the plans say, which it takes over: begins what is new, ends what is missing, replaces what differs,
 *  leaves the rest alone. With a sentence in `why`, and nothing has changed: -EEXIST: a name is that of one added at
 *  run time; -EINVAL: a token is one of the server's, or such a one's of another kind. 0 otherwise; what could then not
 *  be begun was printed. */
int oriel_host_apply(struct oriel_host *host, struct oriel_host_plan **plans, unsigned count, char *why,
                     size_t why_size);
/** Whether one waits for its VM to answer. */
bool oriel_host_is_connecting(const struct oriel_host *host);
/** Takes all from their viewers, at once, before the server closes; none begins after it. */
void oriel_host_close(struct oriel_host *host);
/** Once the server is closed, in its done callback: ends all, several at a time, and waits. 0; -ETIMEDOUT: some are
 *  still being ended after `limit_ms`, and their threads run on. */
int oriel_host_end(struct oriel_host *host, unsigned limit_ms);

#endif
