/* SPDX-License-Identifier: MIT
 *
 * The macOS driver's two custom properties, `osta` (state as JSON) and `oset` (settings as lines), through CoreAudio.
 * Elsewhere each call says that it is for macOS. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_AUDIO_DRIVER_H
#define ORIEL_CLI_AUDIO_DRIVER_H

#include <stddef.h>

/** State as JSON into `text`. 0; -ENOSYS: no macOS; -ENOENT: the driver is not installed; -EIO; with one
 *  line in `why`. */
int oriel_audio_driver_status(char *text, size_t size, char *why, size_t why_size);
/** Sets lines of `Key = value`, then reads all settings back into `text`. Empty `lines` only reads. Errors as above;
 *  -EINVAL: refused. */
int oriel_audio_driver_set(const char *lines, char *text, size_t size, char *why, size_t why_size);

#endif
