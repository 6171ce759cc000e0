/* SPDX-License-Identifier: MIT
 *
 * Whether the disk of a directory has space: asked before QEMU starts, since a QEMU that cannot write cannot even say
 * so in its log.
 * Thread-safety: stateless.
 */
#ifndef ORIEL_VM_DISK_SPACE_H
#define ORIEL_VM_DISK_SPACE_H

#include <stddef.h>

/** Takes `size` bytes of a nameless file in the directory and gives them back. 0, or -errno: -ENOSPC and -EDQUOT when
 *  it is full, -EROFS, -EACCES, -ENOENT... */
int oriel_disk_space_check(const char *directory, size_t size);
/** What to do about such an error, completed by the variable that names the directory: "free space there or set" or
 *  "set". */
const char *oriel_disk_space_advice(int error);

#endif
