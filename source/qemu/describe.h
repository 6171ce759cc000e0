/* SPDX-License-Identifier: MIT
 *
 * From what is known about a VM to the state and the sentence that a user reads. Thread-safety: none needed; stateless.
 */
#ifndef ORIEL_SOURCE_QEMU_DESCRIBE_H
#define ORIEL_SOURCE_QEMU_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "source/facts.h"
#include "source/qemu/display.h"

struct oriel_qemu_facts {
  char name[128];      /* the VM's; empty = not known yet */
  /* the same in sentences, cut to "..." where it is longer: what is to be done stands at their end */
  char called[32];
  char vm_status[32];  /* QMP's RunState */
  char problem[240];   /* why there is no console, as a sentence; empty = none */
  bool connected;      /* to the QMP socket */
  int connect_error;   /* -errno of the last attempt; 0 = there was a connection, which ended */
  bool attached;       /* to the console */
  bool was_attached;   /* at some time */
  bool shutting_down;
  bool was_shut_down;  /* and then the connection ended */
  struct oriel_qemu_display display;
  char refusal[80]; /* QEMU's words when it refused our display listener; empty = it did not */
};

/** Whether there is a picture to look at. */
enum oriel_source_display oriel_qemu_describe_display(const struct oriel_qemu_facts *facts);
/** Sets name and called. Text after the last whole character of UTF-8 is left out. */
void oriel_qemu_facts_name(struct oriel_qemu_facts *facts, const char *name);
/** What the VM is called, or words for it; borrowed. */
const char *oriel_qemu_vm_name(const struct oriel_qemu_facts *facts);
/** The state, with its sentence in `detail` (256 bytes take every one; for viewers 159, as a notice has room for).
 *  `path` is the QMP socket's, for the operator; NULL: the words for viewers, who need not know how this host is laid
 *  out. */
enum oriel_source_state oriel_qemu_describe(const struct oriel_qemu_facts *facts, const char *path, char *detail,
                                            size_t size);

#endif
