/* SPDX-License-Identifier: MIT
 *
 * Mapped and shared memory, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_MEMORY_H
#define ORIEL_DARWIN_LIBC_MEMORY_H

#include "driver/darwin/libc/types.h"

/* sys/mman.h */
#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 0x0001
#define MAP_PRIVATE 0x0002
#define MAP_FIXED 0x0010
#define MAP_ANON 0x1000
#define MAP_ANONYMOUS MAP_ANON
#define MAP_FAILED ((void *)-1)
void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int munmap(void *address, size_t size);
int mprotect(void *address, size_t size, int protection);
int mlock(const void *address, size_t size);
int shm_open(const char *name, int flags, ...);
int shm_unlink(const char *name);

#endif
