/* SPDX-License-Identifier: MIT
 *
 * The shared memory object as the system has it: names, descriptors, seals, locks, sizes.
 *
 * What may be mapped for reading, and why loads from it can never be SIGBUS:
 * - Linux: a memfd sealed against shrinking. Names of shm_open cannot be sealed, and any process that may write may cut
 *   them off between a check and a load; they are read by pread.
 * - macOS: every shm_open object, as the kernel allows one ftruncate() in its life.
 */
#ifndef ORIEL_AUDIO_OBJECT_H
#define ORIEL_AUDIO_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { ORIEL_AUDIO_NAME_SIZE = 32 };

/** Writes the name with its leading slash. 0, -EINVAL. */
int oriel_audio_object_name(const char *name, char full[ORIEL_AUDIO_NAME_SIZE]);

/** Opens for reading. A descriptor, NOT_INSTALLED, OPEN_FAILED. */
int oriel_audio_object_open(const char *full, bool any_owner);

/** What may be done with a descriptor. 0 with its size and whether it may be mapped; BAD_LAYOUT: not memory. */
int oriel_audio_object_inspect(int fd, size_t *size, bool *mappable);

/** Creates the name, in place of one without a living writer. A locked descriptor of `size` bytes of zeros, -EBUSY,
 *  OPEN_FAILED. */
int oriel_audio_object_create(const char *full, size_t size, mode_t mode);

/** A sealed, locked one without a name. A descriptor, -ENOTSUP, OPEN_FAILED. */
int oriel_audio_object_create_sealed(size_t size);

/** Another descriptor of the same object that can only read, and does not keep the lock. Or OPEN_FAILED. */
int oriel_audio_object_reopen(int fd, const char *full);

/** Removes the name if it still is this object. */
void oriel_audio_object_remove(int fd, const char *full);

/** Whether a writer holds the lock; 1 where the system cannot say. */
bool oriel_audio_object_alive(int fd);

/** Whether the object's name is gone; false where the system cannot say. Not for memfds, which have none. */
bool oriel_audio_object_removed(int fd);

#endif
