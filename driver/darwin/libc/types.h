/* SPDX-License-Identifier: MIT
 *
 * Types that several headers share, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_TYPES_H
#define ORIEL_DARWIN_LIBC_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* sys/types.h */
typedef long ssize_t;
typedef int64_t off_t;
typedef int pid_t;
typedef uint32_t uid_t, gid_t;
typedef uint16_t mode_t, nlink_t;
typedef int32_t dev_t, blksize_t;
typedef uint64_t ino_t;
typedef int64_t blkcnt_t;
typedef long time_t;
typedef int suseconds_t;
typedef unsigned char u_char;
typedef unsigned int u_int;

#endif
