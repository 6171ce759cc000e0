/* SPDX-License-Identifier: MIT
 *
 * What a bundle finds behind its imports when it runs on Linux: functions with Darwin's ABI over glibc's, the tests'
 * CoreFoundation, clock and log.
 *
 * The calling convention is the same; what differs is translated: error numbers, open and socket flags, socket
 * addresses, struct stat, addrinfo and msghdr, opaque pthread types, the log's packed arguments. Whatever an IO
 * callback must not do is noted (rt.h) before it is done. A virtual socket is refused, as on a Mac that is no guest.
 *
 * Thread-safety: as the functions themselves.
 */
#ifndef ORIEL_TESTS_DARWIN_SHIM_H
#define ORIEL_TESTS_DARWIN_SHIM_H

#include <stddef.h>

struct shim {
  const char *name;
  void *address;
};

/** The address for a symbol with its underscore, NULL if there is none. A macho_lookup; context is not used. */
void *shim_lookup(void *context, const char *name);

/** The parts of the table. */
extern const struct shim shim_base[], shim_posix[], shim_socket[], shim_thread[];
extern const size_t shim_base_count, shim_posix_count, shim_socket_count, shim_thread_count;

/** How many threads of bundles have asked for the user-interactive quality of service. */
unsigned shim_interactive_threads(void);

/** Darwin's number for one of Linux, and back. */
int shim_error(int linux_error);
int shim_error_back(int darwin_error);
/** Passes a result on; if it is negative, Darwin's errno becomes that of Linux. */
long shim_result(long result);

#define SHIM(symbol, function) \
  { symbol, (void *)(function) }

#endif
