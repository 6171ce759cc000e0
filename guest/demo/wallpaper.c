/* SPDX-License-Identifier: MIT
 *
 * Runs at build time: writes the desktop's wallpaper to standard output as a PNG. A soft light from the upper left on
 * blue-grey; no saturated colour and no texture, so that lossy video shows it as it is, at hardly any cost.
 * The PNG's pixels are stored, not compressed: the whole image is smaller than what code for compression would be worth.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 400, ROW = 1 + 3 * WIDTH, STORED_MAX = 65535 };

static uint32_t crc_update(uint32_t crc, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
  }
  return crc;
}

static void put_u32(uint8_t *bytes, uint32_t value) {
  for (int i = 0; i < 4; i++) {
    bytes[i] = (uint8_t)(value >> (24 - 8 * i));
  }
}

static void write_chunk(const char *type, const uint8_t *bytes, size_t size) {
  uint8_t word[4];
  put_u32(word, (uint32_t)size);
  fwrite(word, 1, 4, stdout);
  fwrite(type, 1, 4, stdout);
  fwrite(bytes, 1, size, stdout);
  uint32_t crc = crc_update(crc_update(0xFFFFFFFFu, (const uint8_t *)type, 4), bytes, size);
  put_u32(word, ~crc);
  fwrite(word, 1, 4, stdout);
}

static void draw(uint8_t *rows) {
  static const double dark[3] = { 30, 36, 44 };
  static const double light[3] = { 104, 120, 136 };
  for (int y = 0; y < HEIGHT; y++) {
    uint8_t *row = rows + (size_t)y * ROW;
    row[0] = 0; /* no filter */
    for (int x = 0; x < WIDTH; x++) {
      double dx = (double)x / WIDTH - 0.28;
      double dy = (double)y / HEIGHT + 0.10;
      double shine = exp(-1.1 * (dx * dx * 1.6 + dy * dy));
      for (int channel = 0; channel < 3; channel++) {
        row[1 + 3 * x + channel] = (uint8_t)lrint(dark[channel] + (light[channel] - dark[channel]) * shine);
      }
    }
  }
}

static uint32_t adler(const uint8_t *bytes, size_t size) {
  uint32_t a = 1;
  uint32_t b = 0;
  for (size_t i = 0; i < size; i++) {
    a = (a + bytes[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

int main(void) {
  size_t size = (size_t)ROW * HEIGHT;
  uint8_t *rows = malloc(size);
  uint8_t *zlib = malloc(size + size / STORED_MAX * 5 + 16);
  if (!rows || !zlib) {
    return 1;
  }
  draw(rows);
  size_t used = 0;
  zlib[used++] = 0x78;
  zlib[used++] = 0x01;
  for (size_t done = 0; done < size;) {
    size_t part = size - done < STORED_MAX ? size - done : STORED_MAX;
    zlib[used++] = done + part == size;
    zlib[used++] = (uint8_t)part;
    zlib[used++] = (uint8_t)(part >> 8);
    zlib[used++] = (uint8_t)~part;
    zlib[used++] = (uint8_t)(~part >> 8);
    memcpy(zlib + used, rows + done, part);
    used += part;
    done += part;
  }
  put_u32(zlib + used, adler(rows, size));
  used += 4;
  uint8_t header[13] = { 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0 };
  put_u32(header, WIDTH);
  put_u32(header + 4, HEIGHT);
  fwrite("\x89PNG\r\n\x1a\n", 1, 8, stdout);
  write_chunk("IHDR", header, sizeof header);
  write_chunk("IDAT", zlib, used);
  write_chunk("IEND", NULL, 0);
  free(zlib);
  free(rows);
  return ferror(stdout) || fflush(stdout) != 0;
}
