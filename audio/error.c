/* SPDX-License-Identifier: MIT
 *
 * A sentence for each error. Any thread.
 */
#include <errno.h>

#include "audio/oriel-audio.h"

const char *oriel_audio_error_text(int error) {
  switch (error) {
  case ORIEL_AUDIO_NOT_INSTALLED:
    return "There is no such sound device: install the Oriel driver or start its agent, and check the name.";
  case ORIEL_AUDIO_OPEN_FAILED:
    return "The device's shared memory may not be opened or made: check who owns it, its mode, and the space for it.";
  case ORIEL_AUDIO_MAP_FAILED:
    return "The device's shared memory could not be mapped: this process may be out of memory or address space.";
  case ORIEL_AUDIO_BAD_LAYOUT:
    return "The shared memory is not an Oriel sound device of this version, or was cut short: update both, or reopen.";
  case ORIEL_AUDIO_RESTART_REQUIRED:
    return "The device ended or changed its format: close it and open it again by its name.";
  case -EBUSY:
    return "Another program already writes this device: stop it, or choose another name.";
  case -EINVAL:
    return "An argument is out of range: names have 1 to 29 characters, devices 1 to 16 channels and 8 to 192 kHz.";
  case -ENOMEM:
    return "There is not enough memory for another sound device.";
  case -ENOTSUP:
    return "This system has no sealed memory without a name: give the device a name.";
  default:
    return error < 0 ? "The sound device failed for a reason of the system's." : "No error.";
  }
}
