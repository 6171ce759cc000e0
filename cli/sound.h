/* SPDX-License-Identifier: MIT
 *
 * Where sound from inside a guest is taken, from the options and from what the VM has. Main thread.
 */
#ifndef ORIEL_CLI_SOUND_H
#define ORIEL_CLI_SOUND_H

#include "cli/desktop_options.h"
#include "source/guest_audio.h"
#include "vm/qemu.h"

/** *audio may become NULL: nothing was asked for and the VM has no ports. `address` is the source's; `vm` may be NULL.
 *  0, or -errno with a sentence in `why` (at least 512 bytes). */
int oriel_sound_open(const struct oriel_desktop_options *options, const char *address, const struct oriel_qemu *vm,
                     struct oriel_guest_audio **audio, char *why, size_t why_size);

#endif
