/* SPDX-License-Identifier: MIT
 *
 * What a receiver of sound is made for. Values: no thread.
 */
#ifndef ORIEL_MEDIA_RECEIVER_CONFIG_H
#define ORIEL_MEDIA_RECEIVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_receiver_config {
  bool is_pcm;             /* packets are float32 frames; otherwise Opus */
  unsigned channels;       /* of pcm: 1..16. Opus: 2 */
  uint32_t rate;           /* of pcm: 8000..192000 Hz. Opus: 48000 */
  uint32_t target_min_us;  /* least depth, 0 = one packet and one pull */
  uint32_t target_max_us;  /* most; 0 = 200 ms */
};

#endif
