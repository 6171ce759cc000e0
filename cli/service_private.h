/* SPDX-License-Identifier: MIT
 *
 * A running oriel, and what its files ask of one another. Only they include this. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_SERVICE_PRIVATE_H
#define ORIEL_CLI_SERVICE_PRIVATE_H

#include <uv.h>

#include "cli/again.h"
#include "cli/host.h"
#include "cli/links.h"
#include "cli/options.h"
#include "cli/secret.h"
#include "cli/signals.h"
#include "cli/systemd.h"
#include "cli/tls.h"
#include "server/address.h"
#include "server/server.h"

enum {
  ORIEL_SERVICE_READY_MS = 2000, /* for a VM that is slow to answer, or not there */
  ORIEL_SERVICE_END_MS = 5000,   /* more than the phases of the end take */
};

enum oriel_service_phase { ORIEL_SERVING, ORIEL_CLOSING_SERVER, ORIEL_STOPPING_VM, ORIEL_DONE };

/** The file, while a thread reads it. */
struct oriel_service_reload {
  struct oriel_job job;
  bool busy, again; /* a thread is at it; another signal came meanwhile */
  int result;       /* below 0 with its sentence */
  char why[640];
  struct oriel_options options;
  struct oriel_host_plan **plans; /* of options.desktops */
};

struct oriel_service {
  const struct oriel_options *given; /* the user's */
  struct oriel_options own;          /* the same, with the address of a socket that we were given */
  const struct oriel_options *options;
  char listen[ORIEL_ADDRESS_TEXT_MAX];
  int listener; /* that socket; -1 = none */
  struct oriel_systemd systemd;
  uv_loop_t loop;
  bool looping, hosting; /* it is open; so is `host` */
  uv_signal_t signals[ORIEL_END_SIGNALS], child, hangup;
  uv_timer_t deadline, stats_timer, ready_timer, watchdog, adopted_timer, reload_timer;
  uint64_t ready_by_ms; /* of the loop's clock */
  bool ready, reloading; /* was told */
  struct oriel_service_reload reload;
  struct oriel_server *server;
  struct oriel_host host;
  struct oriel_qemu *vm; /* the only desktop's; NULL = not ours, or being started again */
  struct oriel_again again;
  uint64_t start_by_ms; /* a VM that ends until then starts again: who wants it saw the end before we did */
  struct oriel_desktop_stats *stats; /* room for the line of --stats; NULL = none is printed */
  struct oriel_tls tls;
  char token[ORIEL_TOKEN_SIZE], view_token[ORIEL_TOKEN_SIZE], admin_token[ORIEL_TOKEN_SIZE]; /* "" = none */
  char turn_secret[ORIEL_TOKEN_SIZE]; /* "" = none */
  struct oriel_links links;
  enum oriel_service_phase phase;
  uint64_t ended_ms; /* of the loop's clock: when the end began */
  bool vm_ended, powering_down;
  int exit_status;
};

/* ---- the end: service_end.c ---- */

/** Begins the end, once. */
void oriel_service_stop(struct oriel_service *service, int exit_status);
/** The last phase: the VM is gone, and the loop ends. */
void oriel_service_done(struct oriel_service *service);
/** Closes every handle of the loop, which then ends. */
void oriel_service_close_handles(struct oriel_service *service);
/** A signal that ends oriel. */
void oriel_service_signal(uv_signal_t *handle, int number);

/* ---- the VM: service_vm.c ---- */

/** What is to be known before the loop runs. */
void oriel_service_vm_init(struct oriel_service *service);
/** Waits for its end, which may have come before. */
void oriel_service_vm_watch(struct oriel_service *service);
/** The desktop whose VM is ours; NULL when there is none. */
struct oriel_desktop *oriel_service_vm_desktop(const struct oriel_service *service);
/** As oriel_service_own. */
void oriel_service_vm_own(struct oriel_service *service, struct oriel_qemu *vm, oriel_vm_starter *starter);

/* ---- desktops that come and go at run time: service_registry.c ---- */

/** What the server calls for an administrator. */
struct oriel_server_registry oriel_service_registry(struct oriel_service *service);

/* ---- another configuration: service_reload.c ---- */

/** Whether that signal has the configuration file read again: SIGHUP, where there is one. */
bool oriel_service_reloads(const struct oriel_service *service, int number);
/** Waits for that signal. */
void oriel_service_reload_watch(struct oriel_service *service);
/** Frees what was read and is no longer wanted, once no thread runs. */
void oriel_service_reload_finish(struct oriel_service *service);

#endif
