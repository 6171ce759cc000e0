/* SPDX-License-Identifier: MIT
 *
 * abort() explained. The handler runs in any thread and calls only what is async-signal-safe.
 */
#include "cli/abort.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/report.h"

static void on_abort(int number, siginfo_t *info, void *context) {
  static const char line[] = "oriel: stopped: a library could not go on, most likely for want of memory, threads or "
                             "open files; see `ulimit -a`, and the lines before this one\n";
  struct rlimit core;
  (void)context;
  if (number == SIGTRAP || info->si_pid == getpid()) {
    const ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur == 0)
      _exit(ORIEL_EXIT_ERROR);
  }
  signal(number, SIG_DFL);
  raise(number); /* which waits until this returns */
}

void oriel_abort_catch(void) {
  struct sigaction action = {.sa_sigaction = on_abort, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGABRT, &action, NULL);
  sigaction(SIGTRAP, &action, NULL); /* GLib's way */
}
