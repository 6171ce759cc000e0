/* SPDX-License-Identifier: MIT
 *
 * After the end of a VM that we started: how long oriel stays, and the VM's next start. Main thread, on its libuv loop;
 * the start itself, which may take 10 s, happens on a thread of libuv's.
 *
 * It stays while a viewer is connected, for ten minutes at most; without one only as long as pages need to be opened
 * again.
 */
#ifndef ORIEL_CLI_AGAIN_H
#define ORIEL_CLI_AGAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/options.h"
#include "vm/qemu.h"

/** Starts the VM as `oriel run` does. Exit status; *vm stays NULL where it did not start, which was printed. */
typedef int oriel_vm_starter(const struct oriel_options *options, struct oriel_qemu **vm);

struct oriel_again_host {
  void *user;
  unsigned (*viewers)(void *user);                    /* connected now */
  void (*over)(void *user);                           /* the wait is over, and nobody wanted the VM */
  void (*started)(void *user, struct oriel_qemu *vm); /* the caller's from then on; NULL = it could not be */
};

struct oriel_again {
  struct oriel_again_host host;  /* set before anything else, as are the next two */
  oriel_vm_starter *starter;     /* NULL = the VM is not ours */
  const struct oriel_options *options;
  uv_loop_t *loop;
  uv_timer_t timer;
  uv_work_t work;
  bool starting;
  bool offered;
  uint64_t ended_ms, seen_ms; /* of the loop's clock: the VM's end; when a viewer was last connected, 0 = never since */
  struct oriel_qemu *old, *fresh;
};

void oriel_again_init(struct oriel_again *again, uv_loop_t *loop);
/** The VM has ended. Calls over() when nobody is left who could want it; `offered` false: after a moment, in which
 *  pages show what happened. */
void oriel_again_wait(struct oriel_again *again, bool offered);
/** Starts it, and frees `old`, the one that ended, NULL is fine. 0, and started() follows; -EALREADY: it is being
 *  started; -EAGAIN, -ENOMEM: no thread. */
int oriel_again_start(struct oriel_again *again, struct oriel_qemu *old);
/** No over() from here on. True when a start is under way, which should give up; started() still follows. */
bool oriel_again_cancel(struct oriel_again *again);
/** The rule: whether the wait is over. */
bool oriel_again_is_over(const struct oriel_again *again, uint64_t now_ms);

#endif
