/* SPDX-License-Identifier: MIT
 *
 * The runtime directory of one VM: where its QMP socket, the sockets of its guest's ports
 * and QEMU's log lie. Thread-safety: main thread.
 */
#ifndef ORIEL_VM_RUNTIME_H
#define ORIEL_VM_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

enum { ORIEL_RUNTIME_PATH_MAX = 108 }; /* sun_path: 107 bytes and the NUL */

struct oriel_runtime {
  char directory[ORIEL_RUNTIME_PATH_MAX];
  char qmp[ORIEL_RUNTIME_PATH_MAX];
  char up[ORIEL_RUNTIME_PATH_MAX]; /* a second one, for who starts it: QEMU serves one client at each */
  char log[ORIEL_RUNTIME_PATH_MAX + 8];
  char launch[ORIEL_RUNTIME_PATH_MAX + 8]; /* QEMU's command line, by which a run knows its VM again */
  /* QEMU's ends of three ports of the guest. */
  char sound[ORIEL_RUNTIME_PATH_MAX], microphone[ORIEL_RUNTIME_PATH_MAX], clipboard[ORIEL_RUNTIME_PATH_MAX];
  bool remove_parent; /* /tmp/oriel-UID: ours alone, goes with its last VM */
  int lock;           /* the directory, locked while we use it; -1 = none */
};

/** Makes the directory in which those of VMs lie: $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/oriel or /tmp/oriel-UID, with
 *  mode 0700. 0; -EPERM (somebody else's, or open to others), -ENAMETOOLONG, mkdir's errors; `why` (at least 512 bytes)
 *  then is a whole sentence. */
int oriel_runtime_base(char path[ORIEL_RUNTIME_PATH_MAX], char *why, size_t why_size);
/** Makes the directory (NULL = $RUNTIME_DIRECTORY/NAME, which is a service manager's, $XDG_RUNTIME_DIR/oriel/NAME or
 *  /tmp/oriel-UID/NAME) with mode 0700, checks that it is
 *  ours, locks it, and removes what a dead run left. 0; -EBUSY (served by another oriel), -EALREADY (a VM runs there
 *  that nobody serves: *runtime is filled and locked, and nothing of it removed), -EPERM (somebody else's),
 *  -ENAMETOOLONG (the socket's path would exceed 107 bytes), -ENOSPC or -EROFS (no room for a log), or mkdir's errors;
 *  `why` (at least 512 bytes) then is a whole sentence. */
int oriel_runtime_open(const char *directory, const char *name, struct oriel_runtime *runtime, char *why,
                       size_t why_size);
/** Gives the lock back and leaves all as it is. */
void oriel_runtime_leave(struct oriel_runtime *runtime);
/** Removes our files and the directory, and gives the lock back. Foreign files in it stay, and then it does, too. */
void oriel_runtime_remove(struct oriel_runtime *runtime);
/** Connects to a UNIX socket without waiting. A non-blocking descriptor, or -errno: -ECONNREFUSED when nobody listens,
 *  -EAGAIN when somebody does but has no room. */
int oriel_runtime_connect(const char *path);
/** True when somebody listens on a UNIX socket. */
bool oriel_runtime_answers(const char *path);

#endif
