/* SPDX-License-Identifier: MIT
 *
 * QEMU's command line. Pure: nothing is started or opened. Thread-safety: reentrant.
 */
#ifndef ORIEL_VM_ARGUMENTS_H
#define ORIEL_VM_ARGUMENTS_H

#include <stdbool.h>

#include "vm/config.h"
#include "vm/image.h"

struct oriel_launch {
  const char *qemu;               /* path of the program */
  enum oriel_accel accel;         /* resolved, not AUTO */
  const char *qmp, *up;           /* socket paths: for who attaches, and for who starts it */
  const char *sound, *microphone; /* socket paths of the guest's two sound ports; NULL = the guest has none */
  const char *clipboard;          /* likewise, of the port for its clipboard */
  bool vdagent;                   /* and a port for spice-vdagent */
  const struct oriel_image *disk; /* NULL for kernel + initrd */
};

/** A NULL-terminated argv, to be freed with oriel_arguments_free; NULL when memory is short. */
char **oriel_arguments_create(const struct oriel_qemu_config *config, const struct oriel_launch *launch);
void oriel_arguments_free(char **arguments);

#endif
