/* SPDX-License-Identifier: MIT
 *
 * What a VM is started with. Thread-safety: values.
 */
#ifndef ORIEL_VM_CONFIG_H
#define ORIEL_VM_CONFIG_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm/accel.h"

/** A network behind QEMU's own NAT: the guest reaches out, nothing reaches in. DEFAULT: a disk has it, the demo guest
 *  has none. Through it a guest also reaches what listens on this host's loopback (as 10.0.2.2). */
enum oriel_network { ORIEL_NETWORK_DEFAULT, ORIEL_NETWORK_NONE, ORIEL_NETWORK_USER };

struct oriel_qemu_config {
  const char *disk;          /* image path, or NULL for kernel + initrd */
  const char *disk_format;   /* "raw", "qcow2", ...; NULL = detect */
  bool persistent;           /* write to the image; otherwise a throw-away overlay that QEMU itself unlinks */
  const char *kernel, *initrd, *append; /* for the demo guest */
  unsigned cpus;             /* 1..64 */
  uint64_t memory_mib;       /* 64..1048576 */
  uint16_t width, height;    /* first display size */
  enum oriel_accel accel;
  const char *name;          /* [A-Za-z0-9_.-]{1,64} */
  const char *runtime_dir;   /* directory (0700) for the QMP socket and the log; NULL = $XDG_RUNTIME_DIR/oriel/NAME, or
                                /tmp/oriel-UID/NAME without that variable */
  enum oriel_network network;
  bool sound_ports;          /* virtio-serial ports org.oriel.audio and org.oriel.microphone for an agent in it */
  bool clipboard_port;       /* likewise org.oriel.clipboard */
  bool vdagent_port;         /* likewise com.redhat.spice.0, for spice-vdagent, where this QEMU has the other end */
  char *const *extra;        /* further QEMU arguments, NULL-terminated, or NULL */
  const volatile sig_atomic_t *cancel; /* becomes true when start should give up; or NULL */
};

#endif
