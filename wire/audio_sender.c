/* SPDX-License-Identifier: MIT
 *
 * A packet's length or number. The sender's thread.
 */
#include "wire/audio_sender.h"

size_t oriel_audio_sender_complete(struct oriel_audio_sender *sender, uint8_t *bytes, size_t size, size_t *count) {
  *count = 0;
  if (oriel_audio_write_length(bytes, size) < 0)
    return 0;
  *count = size;
  if (!sender->is_datagram) {
    *count += ORIEL_AUDIO_LENGTH_SIZE;
    return 0;
  }
  if (sender->is_pcm) {
    oriel_audio_write_number(bytes + ORIEL_AUDIO_LENGTH_SIZE + size, sender->number++);
    *count += ORIEL_AUDIO_NUMBER_SIZE;
  }
  return ORIEL_AUDIO_LENGTH_SIZE;
}
