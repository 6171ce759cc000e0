/* SPDX-License-Identifier: MIT
 *
 * One desktop that is served: its options, its source and sound, the desktop made of them, and its mount.
 * Thread-safety: main thread, but for oriel_host_desktop_open and _end; plans are made, compared and destroyed by any.
 */
#ifndef ORIEL_CLI_HOST_DESKTOP_H
#define ORIEL_CLI_HOST_DESKTOP_H

#include <stdatomic.h>
#include <uv.h>

#include "cli/desktop_options.h"
#include "cli/jobs.h"
#include "cli/secret.h"
#include "cli/stats.h"
#include "server/server.h"
#include "source/heads.h"
#include "vm/qemu.h"

/** What is to be served: options with the tokens that they lead to; "" = it has none of its own. */
struct oriel_host_plan {
  struct oriel_desktop_options options;
  bool added; /* at run time: another list of options does not remove it */
  char machine[ORIEL_DESKTOP_NAME_SIZE]; /* name of the desktop whose VM's further head this is; "" = of none */
  unsigned console;                      /* its number; 0 = the first, or it has none */
  char token[ORIEL_TOKEN_SIZE], view_token[ORIEL_TOKEN_SIZE];
};

/** Where desktops are served. */
struct oriel_host_site {
  struct oriel_server *server;
  bool alone;                  /* one desktop, and never another */
  const struct oriel_qemu *vm; /* whose only desktop is served; NULL = none is ours */
  int (*start)(void *user);    /* starts it again; NULL = nobody here */
  void *user;
  uv_async_t *heads_changed;   /* sent when a desktop's heads_used is another */
};

struct oriel_host;

struct oriel_host_desktop {
  struct oriel_host *host; /* set by whom it belongs to */
  struct oriel_host_desktop *next;
  struct oriel_host_plan *plan; /* owned */
  struct oriel_host_plan *successor; /* owned: what is to be served by that name once this one is gone; or NULL */
  struct oriel_mount *mount;
  struct oriel_desktop *desktop; /* NULL once it is ended */
  struct oriel_source_heads *heads; /* watches over the VM's further heads; NULL = they are nobody's business */
  _Atomic uint32_t heads_used;      /* as oriel_source_heads_changed */
  uv_async_t *heads_changed;        /* the site's */
  struct oriel_stats_line stats;
  struct oriel_job job;
  bool opening; /* a thread opens it, or waits to */
  bool leaving; /* viewers are told, it is no longer served */
  bool ending;  /* a thread ends it, or waits to */
  int result;   /* of the opening by a thread; below 0 with its sentence */
  char why[512];
};

/** Reads the files with tokens; copies the options. 0, and the caller destroys it or hands it on; -ENOMEM, or errors of
 *  oriel_desktop_tokens, with a sentence in `why` (at least 512 bytes). */
int oriel_host_plan_create(const struct oriel_desktop_options *options, struct oriel_host_plan **out, char *why,
                           size_t why_size);
void oriel_host_plan_destroy(struct oriel_host_plan *plan);
/** The plan of a further head, 1 to ORIEL_SOURCE_HEADS_MAX - 1, of a desktop with ?console=all: the same options, but
 *  its name is NAME-CONSOLE, and it has no sound of its own from the guest. As above. */
int oriel_host_plan_head(const struct oriel_host_plan *plan, unsigned console, struct oriel_host_plan **out, char *why,
                         size_t why_size);
/** Whether its tokens can be used beside the server's. 0, or -EINVAL with a sentence in `why`. Main thread. */
int oriel_host_plan_check(const struct oriel_host_site *site, const struct oriel_host_plan *plan, char *why,
                          size_t why_size);
/** Whether who only watches one of two desktops could open the other by the same token. 0, or -EINVAL with a sentence
 *  in `why`. */
int oriel_host_plans_check(const struct oriel_host_plan *a, const struct oriel_host_plan *b, char *why,
                           size_t why_size);
/** Same options and tokens. */
bool oriel_host_plan_equal(const struct oriel_host_plan *a, const struct oriel_host_plan *b);

/** Takes its name and its place. Takes the plan over. 0, or -errno (-EINVAL: what the user wrote) with a sentence in
 *  `why` (at least 512 bytes). */
int oriel_host_desktop_create(const struct oriel_host_site *site, struct oriel_host_plan *plan,
                              struct oriel_host_desktop **out, char *why, size_t why_size);
/** Looks whether its encoder works, and starts what it needs, up to 0.2 s of work: a worker's, too. A VM that is absent
 *  is waited for and no failure. As above; what was begun is then ended by oriel_host_desktop_end. */
int oriel_host_desktop_open(struct oriel_host_desktop *hosted, const struct oriel_host_site *site, char *why,
                            size_t why_size);
/** Lets viewers to it, once it is open. */
void oriel_host_desktop_show(struct oriel_host_desktop *hosted);
/** Detaches from the source and joins the threads, which may take as long as the source does: a worker's. */
void oriel_host_desktop_end(struct oriel_host_desktop *hosted);
/** Frees what has been ended, or was never opened; its mount is the server's. */
void oriel_host_desktop_free(struct oriel_host_desktop *hosted);
/** "web", or its address where it has no name; lives as long as it does. */
const char *oriel_host_plan_title(const struct oriel_host_plan *plan);

#endif
