/* SPDX-License-Identifier: MIT
 *
 * Child processes for vm/: a helper that runs to its end under a time limit, and a long-lived one that outlives us.
 * Every child gets its own session (the terminal's Ctrl-C does not reach it), default signals, no descriptor of ours
 * but 0, 1 and 2, and no ORIEL_ variable (a token may be in one).
 *
 * Thread-safety: any thread, but each child is waited for by one.
 */
#ifndef ORIEL_VM_CHILD_H
#define ORIEL_VM_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Starts argv[0] (a path) with /dev/null as input and `output_fd` (borrowed) as standard output and error. Nothing
 *  ends it when we die. 0 with *pid; -ENOENT, -EACCES, ... from exec; -EAGAIN, -ENOMEM. */
int oriel_child_start(char *const argv[], int output_fd, pid_t *pid);

/** Runs argv to its end and keeps the first output_size - 1 bytes of what it prints, NUL-terminated. 0 with *status as
 *  waitpid gives it; -ETIMEDOUT (it and its children were killed); errors of oriel_child_start. */
int oriel_child_run(char *const argv[], unsigned timeout_ms, char *output, size_t output_size, int *status);

/** Waits at most `timeout_ms` for the end of a child. True with *status once it is reaped. */
bool oriel_child_wait(pid_t pid, unsigned timeout_ms, int *status);

/** Finds an executable in PATH; a name with a slash is only checked. 0; -ENOENT; -ENAMETOOLONG. */
int oriel_child_find(const char *name, char *path, size_t path_size);

#endif
