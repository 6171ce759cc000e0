/* SPDX-License-Identifier: MIT
 *
 * What this process uses, as the kernel counts it: some files of /proc, which is there for every process of Linux.
 *
 * Thread-safety: any thread. No call blocks.
 */
#ifndef ORIEL_SERVER_PROCESS_H
#define ORIEL_SERVER_PROCESS_H

#include <stdint.h>

/** UINT64_MAX where it can't be told. */
struct oriel_process {
  uint64_t cpu_us;                     /* user's and system's, of all threads */
  uint64_t resident_bytes, virtual_bytes;
  uint64_t descriptors;                /* open now */
  uint64_t descriptors_max;            /* may be open */
  uint64_t started_us;                 /* since 1970; filled by oriel_process_started_us, once */
};

/** Fills all but started_us, which it leaves. */
void oriel_process_read(struct oriel_process *process);
/** When this process began, in microseconds since 1970; UINT64_MAX: it can't be told. To be asked once and kept: each
 *  answer follows the wall clock of its time. */
uint64_t oriel_process_started_us(void);

#endif
