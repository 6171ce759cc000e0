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

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vm/accel.h"
#include "vm/config.h"

struct oriel_qemu;

/** Finds QEMU, checks its version (>= 7.0) and that it has the D-Bus display. 0; -ENOENT, -ENOTSUP; `why` (>= 256
 *  bytes) says what to install. `path` (>= 256 bytes) and version "7.2.x" are filled on success. */
int oriel_qemu_find(char *path, size_t path_size, char *version, size_t version_size, char *why, size_t why_size);
/** Whether that QEMU can speak with spice-vdagent in a guest, for its clipboard (built with --enable-spice-protocol). */
bool oriel_qemu_has_vdagent(const char *path);
/** True for a name that a VM may have. */
bool oriel_qemu_name_valid(const char *name);

/** Starts QEMU and waits (at most 10 s) until it answers on its QMP socket, which is then free for the
 *  one client it serves. A QEMU of this name that nobody serves and that was started with the same command line, left
 *  by an oriel that was killed, is taken over instead. 0 or -errno (-EINVAL: a value in config out of range; -EBUSY:
 *  another VM of this name runs; -ECANCELED; -EIO: QEMU ended; -ETIMEDOUT); `why` (at least 512 bytes) then is one
 *  sentence, with QEMU's own last line where it had one. */
int oriel_qemu_start(const struct oriel_qemu_config *config, struct oriel_qemu **vm, char *why, size_t why_size);
/** Path of the QMP socket; borrowed. */
const char *oriel_qemu_qmp_path(const struct oriel_qemu *vm);
/** Paths of the sockets where QEMU waits with the ports of sound and clipboard; borrowed; NULL = there are none. */
const char *oriel_qemu_sound_path(const struct oriel_qemu *vm);
const char *oriel_qemu_microphone_path(const struct oriel_qemu *vm);
const char *oriel_qemu_clipboard_path(const struct oriel_qemu *vm);
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
