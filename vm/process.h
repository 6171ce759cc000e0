/* SPDX-License-Identifier: MIT
 *
 * A process that is not our child: held so that its number can't come to mean another one, watched and ended.
 * Thread-safety: one thread for each.
 */
#ifndef ORIEL_VM_PROCESS_H
#define ORIEL_VM_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct oriel_process {
  pid_t pid; /* 0 = none */
  int fd;    /* Linux: a pidfd; -1 elsewhere, where only the number is known */
};

/** The process that listens on a UNIX socket. 0; -ECONNREFUSED, -ENOENT: nobody does; -ESRCH: it can't be told, as
 *  across PID namespaces, or it is us. */
int oriel_process_of_socket(const char *path, struct oriel_process *process);
/** Waits at most `timeout_ms` for its end. True once it has ended. */
bool oriel_process_wait(const struct oriel_process *process, unsigned timeout_ms);
/** Sends a signal; one to a process that has ended goes nowhere. */
void oriel_process_signal(const struct oriel_process *process, int number);
void oriel_process_close(struct oriel_process *process);

#endif
