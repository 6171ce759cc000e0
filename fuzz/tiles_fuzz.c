/* SPDX-License-Identifier: MIT
 *
 * Tiles payloads: the first two bytes choose the picture's size, the rest is the payload. Whatever decodes must code
 * and decode again to the same picture.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/tiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  uint16_t width = (uint16_t)(data[0] + 1), height = (uint16_t)(data[1] + 1);
  int stride = width * 4;
  size_t bytes = (size_t)stride * height;
  /* Exact allocations: a pixel outside the picture is a finding. */
  uint8_t *picture = calloc(1, bytes), *again = calloc(1, bytes);
  if (picture && again && oriel_tiles_decode(data + 2, size - 2, picture, stride, width, height) == 0) {
    const struct oriel_damage all = {.count = 1, .rects = {{0, 0, width, height}}};
    struct oriel_packet *packet = NULL;
    if (oriel_tiles_encode(picture, stride, width, height, &all, &packet) == 0) {
      if (oriel_tiles_decode(packet->data, packet->size, again, stride, width, height) < 0)
        abort();
      for (size_t i = 0; i < bytes; i++)
        if (i % 4 != 3 && picture[i] != again[i])
          abort();
      oriel_packet_unref(packet);
    }
  }
  free(picture);
  free(again);
  return 0;
}
