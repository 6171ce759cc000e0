/* SPDX-License-Identifier: MIT
 *
 * Whether QEMU and the guest's processors get to run. A busy host keeps one of QEMU's threads waiting for a third of a
 * second, in which the queues of input devices overflow at any pace. Linux tells by /proc; elsewhere, and where QEMU's
 * threads are not to be seen from here, nothing is known.
 *
 * Thread-safety: one owner. Reads files of /proc, which do not block.
 */
#ifndef ORIEL_SOURCE_QEMU_SCHEDSTAT_H
#define ORIEL_SOURCE_QEMU_SCHEDSTAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { ORIEL_QEMU_SCHEDSTAT_THREADS = 9 }; /* that are looked at: the main loop's, and those of eight processors */

/** Zero-initialise: nothing is known. */
struct oriel_qemu_schedstat {
  unsigned count;
  struct {
    char path[64];              /* without its file */
    uint64_t ran_ns, delay_ns; /* on a processor, and for one, when the mark was set, or the waiting asked for */
  } threads[ORIEL_QEMU_SCHEDSTAT_THREADS];
};

/** `proc` is "/proc", but for tests; `qemu` its process there, whose number the main thread has, too; `cpus` is
 *  query-cpus-fast's answer, NULL = none. */
void oriel_qemu_schedstat_init(struct oriel_qemu_schedstat *schedstat, const char *proc, pid_t qemu,
                               const json_t *cpus);
/** From here on it counts whether they run. */
void oriel_qemu_schedstat_mark(struct oriel_qemu_schedstat *schedstat);
/** False when one of them has wanted to run ever since the mark, and could not. */
bool oriel_qemu_schedstat_has_run(const struct oriel_qemu_schedstat *schedstat);
/** For how long the one that was worst off had to wait since the mark or since the last call. A wait that has not ended
 *  is told by the next one. */
uint64_t oriel_qemu_schedstat_run_delay_ns(struct oriel_qemu_schedstat *schedstat);

#endif
