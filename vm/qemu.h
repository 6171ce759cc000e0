/* SPDX-License-Identifier: MIT
 *
 * Starting QEMU: choice of accelerator by probe, command line, child process. Only starts and stops the process; the
 * running VM is spoken to by source/qemu over its QMP socket.
 *
 * Thread-safety: one thread. The child outlives a killed parent on purpose (`oriel serve qemu:` can attach again).
 */
#ifndef ORIEL_VM_QEMU_H
#define ORIEL_VM_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum oriel_accel { ORIEL_ACCEL_AUTO, ORIEL_ACCEL_KVM, ORIEL_ACCEL_TCG, ORIEL_ACCEL_HVF };

struct oriel_qemu_config {
  const char *disk;          /* image path, or NULL for kernel + initrd */
  bool persistent;           /* write to the image; otherwise a throw-away overlay that QEMU itself unlinks */
  const char *kernel, *initrd, *append; /* for the demo guest */
  unsigned cpus;             /* 1..64 */
  uint64_t memory_mib;       /* 64..1048576 */
  uint16_t width, height;    /* first display size */
  enum oriel_accel accel;
  const char *name;          /* [A-Za-z0-9_.-]{1,64} */
  const char *runtime_dir;   /* directory (0700) for the QMP socket and the log */
  char *const *extra;        /* further QEMU arguments, NULL-terminated, or NULL */
};

struct oriel_qemu;

/** Finds QEMU, checks its version (>= 7.0) and that it has the D-Bus display. 0; -ENOENT, -ENOTSUP; `why` (>= 256 bytes)
 *  says what to install. `path` (>= 256 bytes) and version "7.2.x" are filled on success. */
int oriel_qemu_find(char *path, size_t path_size, char *version, size_t version_size, char *why, size_t why_size);
/** Proves that an accelerator runs guest code: boots a 512-byte sector that writes to the debug-exit port, within
 *  `timeout_ms`. A /dev/kvm that opens but hangs fails here. 0; -ETIMEDOUT, -ENODEV, -EACCES; `why` filled. */
int oriel_accel_probe(const char *qemu, enum oriel_accel accel, unsigned timeout_ms, char *why, size_t why_size);
const char *oriel_accel_name(enum oriel_accel accel);
/** Parses "auto", "kvm", "tcg", "hvf". 0, -EINVAL. */
int oriel_accel_parse(const char *text, enum oriel_accel *accel);

/** Starts QEMU and waits (at most 10 s) until its QMP socket accepts. 0 or -errno; `why` then holds QEMU's own last line
 *  where it had one. */
int oriel_qemu_start(const struct oriel_qemu_config *config, struct oriel_qemu **vm, char *why, size_t why_size);
/** Path of the QMP socket; borrowed. */
const char *oriel_qemu_qmp_path(const struct oriel_qemu *vm);
pid_t oriel_qemu_pid(const struct oriel_qemu *vm);
enum oriel_accel oriel_qemu_accel(const struct oriel_qemu *vm);
/** True while the child lives; reaps it when it ended. */
bool oriel_qemu_alive(struct oriel_qemu *vm);
/** SIGTERM, up to `grace_ms`, SIGKILL; removes socket and directory; frees. NULL is fine. */
void oriel_qemu_stop(struct oriel_qemu *vm, unsigned grace_ms);

#endif
