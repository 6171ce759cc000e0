/* SPDX-License-Identifier: MIT
 *
 * Reading and checking an object's fixed fields, and telling the readers of a dead writer's object that it is over.
 */
#ifndef ORIEL_AUDIO_SHM_HEADER_H
#define ORIEL_AUDIO_SHM_HEADER_H

#include <stddef.h>
#include <stdint.h>

/** The checked sizes of an object, in private memory. */
struct oriel_audio_shm_header {
  uint32_t frames, channels, rate, delay;
  size_t block_offset;
  uint64_t generation; /* 0 = over */
};

/** Checks the two headers, as bytes, against the object's size. 0, BAD_LAYOUT. */
int oriel_audio_shm_header_check(const void *legacy, const void *block, size_t size,
                                 struct oriel_audio_shm_header *header);

/** Reads those of an object of `size` bytes. 0, BAD_LAYOUT, MAP_FAILED. */
int oriel_audio_shm_header_read(int fd, size_t size, struct oriel_audio_shm_header *header);

/** Says in the object of `size` bytes, open for writing at fd, that it is over, if it is one. 0, or -EBUSY where its
 *  writer wrote within the last second and the system has no lock to tell. */
int oriel_audio_shm_header_end(int fd, size_t size);

#endif
