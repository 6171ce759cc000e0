/* SPDX-License-Identifier: MIT
 *
 * What is played here, in shared memory for local applications (liboriel-audio). Thread-safety: write from the data
 * thread (no lock, allocation or system call); the rest from the main thread.
 */
#ifndef ORIEL_GUEST_AGENT_SHM_H
#define ORIEL_GUEST_AGENT_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/agent/settings.h"

struct agent_shm;

/** Without a name in the settings: a thing that does nothing. `rate` is the output device's. 0; -errno with a line in
 * `why`. */
int agent_shm_create(const struct agent_settings *settings, uint32_t rate, struct agent_shm **shm, char *why,
                     size_t why_size);
void agent_shm_destroy(struct agent_shm *shm);
/** Data thread. */
void agent_shm_write(struct agent_shm *shm, const float *frames, size_t count, uint64_t now_ns);
/** Cycles begin or have ended; memory that a peer cut off is made anew. While write is not called. */
void agent_shm_running(struct agent_shm *shm, bool is_running);
/** Frames written, and how often the memory was made anew. */
uint64_t agent_shm_position(const struct agent_shm *shm);
uint64_t agent_shm_restarts(const struct agent_shm *shm);

#endif
