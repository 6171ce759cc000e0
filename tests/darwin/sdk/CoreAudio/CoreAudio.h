/* SPDX-License-Identifier: MIT
 *
 * The whole framework for programs.
 */
#include <CoreAudio/AudioHardware.h>
