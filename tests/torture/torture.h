/* SPDX-License-Identifier: MIT
 *
 * Between a torture run and the library that it preloads (fault.c): orders down one descriptor, two reports for each up
 * another; a third takes what the program prints.
 */
#ifndef ORIEL_TESTS_TORTURE_H
#define ORIEL_TESTS_TORTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { FAULT_OUTPUT_FD = 197, FAULT_ORDER_FD = 198, FAULT_REPORT_FD = 199 };

/** What can fail: an allocation, a call that makes a descriptor, the start of a thread. NOTHING: only counted. */
enum fault_kind { FAULT_NOTHING, FAULT_MEMORY, FAULT_DESCRIPTOR, FAULT_THREAD, FAULT_KINDS };

struct fault_order {
  uint64_t at;           /* the how manieth, from 1 on; 0 = none */
  uint32_t kind;         /* enum fault_kind */
  bool lasting;          /* all from there on */
  bool fresh;            /* not that one, but the next that comes by a way on which none has failed yet */
};

/** First with the process that was made, then with its end. */
struct fault_report {
  pid_t pid;
  int status;                   /* as waitpid gives it */
  uint64_t counts[FAULT_KINDS]; /* of the whole run; 0 when it ended by a signal */
  uint64_t failed_at;           /* which one failed; 0 = none was left to */
};

#endif
