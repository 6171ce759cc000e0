/* SPDX-License-Identifier: MIT
 *
 * Looking at a disk image before it is given to a VM. Thread-safety: main thread.
 */
#ifndef ORIEL_VM_IMAGE_H
#define ORIEL_VM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct oriel_image {
  char path[4096];  /* absolute, so that QEMU never takes a name with a colon for a protocol */
  char format[32];  /* "raw", "qcow2", "vmdk", ... */
  bool optical;     /* ISO 9660: belongs into a CD drive */
};

struct oriel_image_request {
  const char *path;
  const char *format;  /* NULL = detect */
  bool writable;       /* will be written to */
  bool any_content;    /* accept a raw image that cannot boot by itself (the caller boots otherwise) */
};

/** Checks that an image can be used and finds its format with `qemu-img info`. 0; -ENOENT, -EACCES, -EISDIR, -EINVAL
 *  (no image), -ENOTSUP (no qemu-img), -ETIMEDOUT. `why` (at least 256 bytes) then says what, on what, why and what to
 *  do. */
int oriel_image_inspect(const struct oriel_image_request *request, struct oriel_image *image, char *why,
                        size_t why_size);

#endif
