/* SPDX-License-Identifier: MIT
 *
 * Where older code looks for the types.
 */
#include <CoreAudioTypes/CoreAudioTypes.h>
