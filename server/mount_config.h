/* SPDX-License-Identifier: MIT
 *
 * What a mount is made with. Thread-safety: values, borrowed while it is made.
 */
#ifndef ORIEL_SERVER_MOUNT_CONFIG_H
#define ORIEL_SERVER_MOUNT_CONFIG_H

#include <stdbool.h>

enum {
  ORIEL_MOUNTS_MAX = 1024,
  ORIEL_MOUNT_NAME_MAX = 63,
};

/** Borrowed during mount, all of it but `user`. */
struct oriel_mount_config {
  const char *name;       /* 1..63 of a-z, 0-9, ".", "_" and "-", beginning with a letter or a digit */
  const char *token;      /* opens this desktop alone, beside the server's; 1..512 bytes; NULL = none */
  const char *view_token; /* the same for those who only watch, another one; NULL = none */
  bool alone;             /* the server will never have another: who shares it shares the server's token for viewing */
  unsigned viewers_max;   /* 0 = ORIEL_DESKTOP_VIEWERS_MAX, as anything beyond it */
  /** Starts the desktop's VM again once it has ended; viewers are told that somebody can. NULL: nobody here. Called in
   *  the loop's thread; does not wait. 0: the VM is being started; -EALREADY: it runs, or is being started; -ECANCELED:
   *  we are about to end. */
  int (*start)(void *user);
  void *user;
  const char *machine; /* name of the desktop that is the first head of the same machine, itself perhaps; NULL = it
                          stands alone */
};

#endif
