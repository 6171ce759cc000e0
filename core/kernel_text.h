/* SPDX-License-Identifier: MIT
 *
 * Small files in which the kernel tells of itself as text, as those of proc(5).
 *
 * Thread-safety: stateless.
 */
#ifndef ORIEL_CORE_KERNEL_TEXT_H
#define ORIEL_CORE_KERNEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/** Reads the file's first size - 1 bytes (size >= 1) with one read(2), which such a file gives whole, and ends them with
 *  a NUL. False, with an empty text, when there is none or nothing in it. */
bool oriel_kernel_text_read(const char *path, char *text, size_t size);

#endif
