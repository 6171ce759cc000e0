/* SPDX-License-Identifier: MIT
 *
 * Starting QEMU: choice of accelerator by probe, command line, child process. Only starts and stops the process; the
 * running VM is spoken to by source/qemu over its QMP socket.
 *
 * Thread-safety: one thread at a time. The child outlives a killed parent on purpose (`oriel serve qemu:` can attach
 * again).
 */
#ifndef ORIEL_VM_QEMU_H
#define ORIEL_VM_QEMU_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum oriel_accel { ORIEL_ACCEL_AUTO, ORIEL_ACCEL_KVM, ORIEL_ACCEL_TCG, ORIEL_ACCEL_HVF };

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
  char *const *extra;        /* further QEMU arguments, NULL-terminated, or NULL */
  const volatile sig_atomic_t *cancel; /* becomes true when start should give up; or NULL */
};

struct oriel_qemu;

/** Finds QEMU, checks its version (>= 7.0) and that it has the D-Bus display. 0; -ENOENT, -ENOTSUP; `why` (>= 256
 *  bytes) says what to install. `path` (>= 256 bytes) and version "7.2.x" are filled on success. */
int oriel_qemu_find(char *path, size_t path_size, char *version, size_t version_size, char *why, size_t why_size);
/** Proves that an accelerator runs guest code: boots a 512-byte sector that writes to the debug-exit port, within
 *  `timeout_ms`. A /dev/kvm that opens but hangs fails here. 0; -ETIMEDOUT, -ENODEV, -EACCES; `why` filled. */
int oriel_accel_probe(const char *qemu, enum oriel_accel accel, unsigned timeout_ms, char *why, size_t why_size);
const char *oriel_accel_name(enum oriel_accel accel);
/** Parses "auto", "kvm", "tcg", "hvf". 0, -EINVAL. */
int oriel_accel_parse(const char *text, enum oriel_accel *accel);

/** True for a name that a VM may have. */
bool oriel_qemu_name_valid(const char *name);

/** What `wanted` means here: itself, after a probe; for AUTO the first that works, TCG at last. Answers are remembered
 * for this boot, so that a hanging /dev/kvm costs its time limit once; `fresh` asks anew. 0, with `why` empty or saying
 *  why AUTO fell back to TCG; errors of oriel_accel_probe for a `wanted` that does not work. */
int oriel_accel_choose(const char *qemu, const char *version, enum oriel_accel wanted, bool fresh,
                       enum oriel_accel *chosen, char *why, size_t why_size);

/** Starts QEMU and waits (at most 10 s) until it answers on its QMP socket, which is then free for the
 *  one client it serves. A QEMU of this name that nobody serves and that was started with the same command line, left
 *  by an oriel that was killed, is taken over instead. 0 or -errno (-EINVAL: a value in config out of range; -EBUSY:
 *  another VM of this name runs; -ECANCELED; -EIO: QEMU ended; -ETIMEDOUT); `why` (at least 512 bytes) then is one
 *  sentence, with QEMU's own last line where it had one. */
int oriel_qemu_start(const struct oriel_qemu_config *config, struct oriel_qemu **vm, char *why, size_t why_size);
/** Path of the QMP socket; borrowed. */
const char *oriel_qemu_qmp_path(const struct oriel_qemu *vm);
/** Paths of the sockets where QEMU waits with the sound ports; borrowed; NULL = there are none. */
const char *oriel_qemu_sound_path(const struct oriel_qemu *vm);
const char *oriel_qemu_microphone_path(const struct oriel_qemu *vm);
pid_t oriel_qemu_pid(const struct oriel_qemu *vm);
enum oriel_accel oriel_qemu_accel(const struct oriel_qemu *vm);
/** True when it was taken over: its end is then seen by asking alive(), and not by SIGCHLD. */
bool oriel_qemu_adopted(const struct oriel_qemu *vm);
/** True while it lives; reaps it when it ended. */
bool oriel_qemu_alive(struct oriel_qemu *vm);
/** After alive() said no: true when the guest powered off or QEMU was told to end (exit status 0). Otherwise `what`
 *  gets half a sentence, "was killed by signal 9 (Killed)" or "exited with status 1: its last line". */
bool oriel_qemu_ended_well(const struct oriel_qemu *vm, char *what, size_t what_size);
/** SIGTERM, up to `grace_ms`, SIGKILL; removes socket and directory; frees. NULL is fine. */
void oriel_qemu_stop(struct oriel_qemu *vm, unsigned grace_ms);

#endif
