/* SPDX-License-Identifier: MIT
 *
 * The pattern's cursor. Any thread.
 */
#include "source/pattern/cursor.h"

#include "core/bytes.h"
#include "core/clock.h"
#include "source/sink.h"

enum { WIDTH = 12, HEIGHT = 18 };

/* '#' outline, '.' inside, ' ' transparent; the tip is the hot spot. */
static const char arrow[HEIGHT][WIDTH + 1] = {
  "#           ",
  "##          ",
  "#.#         ",
  "#..#        ",
  "#...#       ",
  "#....#      ",
  "#.....#     ",
  "#......#    ",
  "#.......#   ",
  "#........#  ",
  "#.........# ",
  "#......#####",
  "#...#..#    ",
  "#..# #..#   ",
  "#.#  #..#   ",
  "##    #..#  ",
  "#     #..#  ",
  "       ##   ",
};

struct oriel_packet *oriel_pattern_cursor(void) {
  struct oriel_packet *packet =
    oriel_packet_create(ORIEL_PACKET_CURSOR, sizeof(struct oriel_cursor_header) + WIDTH * HEIGHT * 4);
  struct oriel_writer writer;
  if (!packet)
    return NULL;
  packet->captured_ns = packet->encoded_ns = oriel_clock_ns();
  oriel_writer_init(&writer, packet->data, packet->size);
  oriel_write_u16(&writer, WIDTH);
  oriel_write_u16(&writer, HEIGHT);
  oriel_write_u16(&writer, 0);
  oriel_write_u16(&writer, 0);
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = 0; x < WIDTH; x++) {
      char dot = arrow[y][x];
      uint8_t level = dot == '.' ? 0xFF : 0x00;
      oriel_write_u8(&writer, level);
      oriel_write_u8(&writer, level);
      oriel_write_u8(&writer, level);
      oriel_write_u8(&writer, dot == ' ' ? 0x00 : 0xFF);
    }
  }
  return packet;
}
