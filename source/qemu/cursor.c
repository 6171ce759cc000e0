/* SPDX-License-Identifier: MIT
 *
 * Cursor shapes: B,G,R,A to straight R,G,B,A, scaled down when huge. Stateless.
 */
#include "source/qemu/cursor.h"

#include <errno.h>
#include <stdbool.h>

#include "core/bytes.h"

enum { HEADER_SIZE = 8 };

static bool is_premultiplied(const uint8_t *bgra, size_t pixels) {
  for (size_t i = 0; i < pixels; i++) {
    const uint8_t *pixel = bgra + i * 4;
    if (pixel[0] > pixel[3] || pixel[1] > pixel[3] || pixel[2] > pixel[3])
      return false;
  }
  return true;
}

/* Called with value <= alpha when premultiplied. */
static uint8_t straight(uint8_t value, uint8_t alpha, bool premultiplied) {
  if (!premultiplied || !alpha || alpha == 255)
    return value;
  return (uint8_t)((value * 255 + alpha / 2) / alpha);
}

static uint16_t hot(int32_t position, int factor, int size) {
  if (position < 0 || size < 1)
    return 0;
  int scaled = position / factor;
  return (uint16_t)(scaled < size ? scaled : size - 1);
}

int oriel_qemu_cursor_create(int32_t width, int32_t height, int32_t hot_x, int32_t hot_y, const uint8_t *bgra,
                             size_t size, uint64_t captured_ns, struct oriel_packet **packet) {
  if (width < 0 || width > ORIEL_QEMU_CURSOR_SIZE_MAX || height < 0 || height > ORIEL_QEMU_CURSOR_SIZE_MAX ||
      size < (size_t)width * (size_t)height * 4)
    return -EINVAL;
  int factor = 1;
  while (width / factor > ORIEL_CURSOR_SIZE_MAX || height / factor > ORIEL_CURSOR_SIZE_MAX)
    factor *= 2;
  int out_width = width / factor, out_height = height / factor;
  if (!out_width || !out_height)
    out_width = out_height = 0;

  struct oriel_packet *made =
    oriel_packet_create(ORIEL_PACKET_CURSOR, HEADER_SIZE + (size_t)out_width * (size_t)out_height * 4);
  if (!made)
    return -ENOMEM;
  made->captured_ns = captured_ns;
  struct oriel_writer writer;
  oriel_writer_init(&writer, made->data, made->size);
  oriel_write_u16(&writer, (uint16_t)out_width);
  oriel_write_u16(&writer, (uint16_t)out_height);
  oriel_write_u16(&writer, hot(hot_x, factor, out_width));
  oriel_write_u16(&writer, hot(hot_y, factor, out_height));
  bool premultiplied = is_premultiplied(bgra, (size_t)width * (size_t)height);
  uint8_t *out = made->data + HEADER_SIZE;
  for (int y = 0; y < out_height; y++)
    for (int x = 0; x < out_width; x++, out += 4) {
      const uint8_t *in = bgra + ((size_t)(y * factor) * (size_t)width + (size_t)(x * factor)) * 4;
      out[0] = straight(in[2], in[3], premultiplied);
      out[1] = straight(in[1], in[3], premultiplied);
      out[2] = straight(in[0], in[3], premultiplied);
      out[3] = in[3];
    }
  *packet = made;
  return 0;
}
