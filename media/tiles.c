/* SPDX-License-Identifier: MIT
 *
 * Tiles: QOI chunks around damaged rectangles, encoder and the strict decoder that tests measure others by. Called by
 * the media thread; stateless.
 */
#include "media/tiles.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/bytes.h"

enum {
  TILE_HEADER = 12, /* x, y, width, height, size */
  OP_INDEX = 0x00,
  OP_DIFF = 0x40,
  OP_LUMA = 0x80,
  OP_RUN = 0xC0,
  OP_RGB = 0xFE,
  OP_RGBA = 0xFF,
  RUN_MAX = 62, /* 63 and 64 would read as OP_RGB and OP_RGBA */
  CHUNK_MAX = 5, /* a pending run and an OP_RGB */
};

/* A pixel as the word 0xAARRGGBB; QOI's state starts with opaque black and an index of transparent zeros. */
#define PIXEL_START 0xFF000000u
#define PIXEL_OPAQUE 0xFF000000u

static uint8_t pixel_b(uint32_t pixel) {
  return (uint8_t)pixel;
}

static uint8_t pixel_g(uint32_t pixel) {
  return (uint8_t)(pixel >> 8);
}

static uint8_t pixel_r(uint32_t pixel) {
  return (uint8_t)(pixel >> 16);
}

static unsigned pixel_hash(uint32_t pixel) {
  return (pixel_r(pixel) * 3u + pixel_g(pixel) * 5u + pixel_b(pixel) * 7u + (pixel >> 24) * 11u) % 64;
}

static uint32_t pixel_load(const uint8_t *bgrx) {
  return PIXEL_OPAQUE | (uint32_t)bgrx[2] << 16 | (uint32_t)bgrx[1] << 8 | bgrx[0];
}

static uint8_t *chunk_write(uint8_t *out, uint32_t pixel, uint32_t previous) {
  int dr = (int8_t)(pixel_r(pixel) - pixel_r(previous));
  int dg = (int8_t)(pixel_g(pixel) - pixel_g(previous));
  int db = (int8_t)(pixel_b(pixel) - pixel_b(previous));
  if (dr >= -2 && dr <= 1 && dg >= -2 && dg <= 1 && db >= -2 && db <= 1) {
    *out++ = (uint8_t)(OP_DIFF | (dr + 2) << 4 | (dg + 2) << 2 | (db + 2));
    return out;
  }
  int dr_dg = (int8_t)(dr - dg), db_dg = (int8_t)(db - dg);
  if (dg >= -32 && dg <= 31 && dr_dg >= -8 && dr_dg <= 7 && db_dg >= -8 && db_dg <= 7) {
    *out++ = (uint8_t)(OP_LUMA | (dg + 32));
    *out++ = (uint8_t)((dr_dg + 8) << 4 | (db_dg + 8));
    return out;
  }
  *out++ = OP_RGB;
  *out++ = pixel_r(pixel);
  *out++ = pixel_g(pixel);
  *out++ = pixel_b(pixel);
  return out;
}

/* Codes one rectangle into out..end. Returns the end of the chunks, or NULL when they do not fit. */
static uint8_t *tile_code(const uint8_t *bgrx, int stride, struct oriel_rect rect, uint8_t *out, const uint8_t *end) {
  uint32_t index[64] = {0};
  uint32_t previous = PIXEL_START;
  unsigned run = 0;
  for (int32_t y = 0; y < rect.height; y++) {
    const uint8_t *row = bgrx + (ptrdiff_t)(rect.y + y) * stride + (ptrdiff_t)rect.x * 4;
    for (int32_t x = 0; x < rect.width; x++) {
      uint32_t pixel = pixel_load(row + 4 * (ptrdiff_t)x);
      if (pixel == previous && ++run < RUN_MAX)
        continue;
      if (end - out < CHUNK_MAX)
        return NULL;
      if (run) {
        *out++ = (uint8_t)(OP_RUN | (run - 1));
        run = 0;
        if (pixel == previous)
          continue;
      }
      unsigned hash = pixel_hash(pixel);
      if (index[hash] == pixel) {
        *out++ = (uint8_t)(OP_INDEX | hash);
      } else {
        index[hash] = pixel;
        out = chunk_write(out, pixel, previous);
      }
      previous = pixel;
    }
  }
  if (run) {
    if (end - out < 1)
      return NULL;
    *out++ = (uint8_t)(OP_RUN | (run - 1));
  }
  return out;
}

static int clip_damage(const struct oriel_damage *damage, uint16_t width, uint16_t height, struct oriel_rect *rects) {
  struct oriel_rect picture = {0, 0, width, height};
  int count = 0;
  uint64_t pixels = 0;
  for (int i = 0; i < damage->count; i++) {
    struct oriel_rect rect = oriel_rect_intersect(damage->rects[i], picture);
    if (oriel_rect_empty(rect))
      continue;
    pixels += (uint64_t)rect.width * (uint64_t)rect.height;
    rects[count++] = rect;
  }
  if (pixels > ORIEL_TILES_PIXELS_MAX)
    return -E2BIG;
  return count ? count : -EINVAL;
}

static int encode(const uint8_t *bgrx, int stride, uint16_t width, uint16_t height, const struct oriel_rect *rects,
                  int count, size_t size_max, struct oriel_packet **packet) {
  uint8_t payload[ORIEL_TILES_WHOLE_BYTES_MAX];
  const uint8_t *end = payload + size_max;
  uint8_t *out = payload + 2;
  uint32_t pixels = 0;
  struct oriel_writer writer;
  oriel_writer_init(&writer, payload, 2);
  oriel_write_u16(&writer, (uint16_t)count);
  for (int i = 0; i < count; i++) {
    uint8_t *header = out;
    if (end - out < TILE_HEADER)
      return -E2BIG;
    out = tile_code(bgrx, stride, rects[i], out + TILE_HEADER, end);
    if (!out)
      return -E2BIG;
    oriel_writer_init(&writer, header, TILE_HEADER);
    oriel_write_u16(&writer, (uint16_t)rects[i].x);
    oriel_write_u16(&writer, (uint16_t)rects[i].y);
    oriel_write_u16(&writer, (uint16_t)rects[i].width);
    oriel_write_u16(&writer, (uint16_t)rects[i].height);
    oriel_write_u32(&writer, (uint32_t)(out - header - TILE_HEADER));
    pixels += (uint32_t)rects[i].width * (uint32_t)rects[i].height;
  }
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_TILES, (size_t)(out - payload));
  if (!made)
    return -ENOMEM;
  memcpy(made->data, payload, made->size);
  made->width = width;
  made->height = height;
  made->damage_pixels = pixels;
  *packet = made;
  return 0;
}

int oriel_tiles_encode(const uint8_t *bgrx, int stride, uint16_t width, uint16_t height,
                       const struct oriel_damage *damage, struct oriel_packet **packet) {
  struct oriel_rect rects[ORIEL_DAMAGE_RECTS_MAX];
  const int count = clip_damage(damage, width, height, rects);
  if (count < 0)
    return count;
  return encode(bgrx, stride, width, height, rects, count, ORIEL_TILES_BYTES_MAX, packet);
}

int oriel_tiles_encode_whole(const uint8_t *bgrx, int stride, uint16_t width, uint16_t height,
                             struct oriel_packet **packet) {
  struct oriel_rect strips[ORIEL_DAMAGE_RECTS_MAX];
  int count = 0;
  if (!width || !height)
    return -EINVAL;
  if ((uint64_t)width * height > ORIEL_TILES_WHOLE_PIXELS_MAX)
    return -E2BIG;
  const int32_t rows = (height + ORIEL_DAMAGE_RECTS_MAX - 1) / ORIEL_DAMAGE_RECTS_MAX;
  for (int32_t y = 0; y < height; y += rows)
    strips[count++] = (struct oriel_rect){0, y, width, y + rows < height ? rows : height - y};
  return encode(bgrx, stride, width, height, strips, count, ORIEL_TILES_WHOLE_BYTES_MAX, packet);
}

struct tile_decoder {
  uint32_t index[64];
  uint32_t pixel;
  unsigned run; /* further repetitions of `pixel` */
};

/* The next pixel of the chunks, or false. */
static bool tile_next(struct tile_decoder *decoder, struct oriel_reader *reader) {
  if (decoder->run) {
    decoder->run--;
    return true;
  }
  uint8_t op = oriel_read_u8(reader);
  if (!oriel_reader_ok(reader))
    return false;
  uint32_t pixel = decoder->pixel;
  int r = pixel_r(pixel), g = pixel_g(pixel), b = pixel_b(pixel);
  if (op == OP_RGB || op == OP_RGBA) {
    r = oriel_read_u8(reader);
    g = oriel_read_u8(reader);
    b = oriel_read_u8(reader);
    if (op == OP_RGBA && oriel_read_u8(reader) != 0xFF)
      return false;
  } else if (op >= OP_RUN) {
    decoder->run = op & 0x3Fu;
    decoder->index[pixel_hash(pixel)] = pixel; /* matters once: for the black that a tile may start with */
    return true;
  } else if (op >= OP_LUMA) {
    int dg = (op & 0x3F) - 32, rest = oriel_read_u8(reader);
    r += dg - 8 + (rest >> 4);
    g += dg;
    b += dg - 8 + (rest & 0xF);
  } else if (op >= OP_DIFF) {
    r += (op >> 4 & 3) - 2;
    g += (op >> 2 & 3) - 2;
    b += (op & 3) - 2;
  } else {
    decoder->pixel = decoder->index[op];
    return decoder->pixel >> 24 == 0xFF; /* an entry nobody wrote would be a transparent pixel */
  }
  decoder->pixel = PIXEL_OPAQUE | (uint32_t)(uint8_t)r << 16 | (uint32_t)(uint8_t)g << 8 | (uint8_t)b;
  decoder->index[pixel_hash(decoder->pixel)] = decoder->pixel;
  return oriel_reader_ok(reader);
}

static int tile_decode(struct oriel_reader *reader, uint8_t *bgrx, int stride, uint16_t width, uint16_t height) {
  uint32_t x = oriel_read_u16(reader), y = oriel_read_u16(reader);
  uint32_t tile_width = oriel_read_u16(reader), tile_height = oriel_read_u16(reader);
  uint32_t size = oriel_read_u32(reader);
  const uint8_t *chunks = oriel_read_bytes(reader, size);
  if (!chunks || !tile_width || !tile_height || x + tile_width > width || y + tile_height > height)
    return -EBADMSG;
  struct oriel_reader inner;
  oriel_reader_init(&inner, chunks, size);
  struct tile_decoder decoder = {.pixel = PIXEL_START};
  for (uint32_t row = 0; row < tile_height; row++) {
    uint8_t *to = bgrx + (ptrdiff_t)(y + row) * stride + (ptrdiff_t)x * 4;
    for (uint32_t column = 0; column < tile_width; column++, to += 4) {
      if (!tile_next(&decoder, &inner))
        return -EBADMSG;
      to[0] = pixel_b(decoder.pixel);
      to[1] = pixel_g(decoder.pixel);
      to[2] = pixel_r(decoder.pixel);
      to[3] = 0xFF;
    }
  }
  return oriel_reader_done(&inner) && !decoder.run ? 0 : -EBADMSG;
}

int oriel_tiles_decode(const void *payload, size_t size, uint8_t *bgrx, int stride, uint16_t width, uint16_t height) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, payload, size);
  unsigned count = oriel_read_u16(&reader);
  if (!oriel_reader_ok(&reader) || count < 1 || count > ORIEL_DAMAGE_RECTS_MAX)
    return -EBADMSG;
  for (unsigned i = 0; i < count; i++) {
    int error = tile_decode(&reader, bgrx, stride, width, height);
    if (error < 0)
      return error;
  }
  return oriel_reader_done(&reader) ? 0 : -EBADMSG;
}
