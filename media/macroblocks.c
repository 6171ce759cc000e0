/* SPDX-License-Identifier: MIT
 *
 * Maps of macroblocks. Called by the encoder, on its media thread.
 */
#include "media/macroblocks.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 16 };

int oriel_macroblocks_init(struct oriel_macroblocks *blocks, uint16_t width, uint16_t height) {
  const int columns = (width + SIDE - 1) / SIDE, rows = (height + SIDE - 1) / SIDE;
  const size_t count = (size_t)columns * (size_t)rows;
  uint8_t *maps = calloc(2, count);
  if (!maps)
    return -ENOMEM;
  *blocks = (struct oriel_macroblocks){
    .columns = columns, .rows = rows, .unchanged = maps, .coded_qp = maps + count};
  return 0;
}

void oriel_macroblocks_finish(struct oriel_macroblocks *blocks) {
  free(blocks->unchanged);
  *blocks = (struct oriel_macroblocks){0};
}

static int count_of(const struct oriel_macroblocks *blocks) {
  return blocks->columns * blocks->rows;
}

int oriel_macroblocks_mark(struct oriel_macroblocks *blocks, const struct oriel_damage *damage) {
  const int all = count_of(blocks);
  memset(blocks->unchanged, damage != NULL, (size_t)all);
  if (!damage)
    return all;
  int changed = 0;
  for (int i = 0; i < damage->count; i++) {
    /* Chroma of an odd edge reaches one pixel further, hence the alignment before the division. */
    const struct oriel_rect rect =
      oriel_rect_align(damage->rects[i], SIDE, blocks->columns * SIDE, blocks->rows * SIDE);
    if (oriel_rect_empty(rect))
      continue;
    for (int y = rect.y / SIDE; y < (rect.y + rect.height) / SIDE; y++)
      for (int x = rect.x / SIDE; x < (rect.x + rect.width) / SIDE; x++) {
        changed += blocks->unchanged[y * blocks->columns + x];
        blocks->unchanged[y * blocks->columns + x] = 0;
      }
  }
  return changed;
}

/* Sum of luma gradients over macroblocks [from, to) of one row of them: what coding them will roughly cost. Every fifth
 * line, an odd distance, so that patterns of two or four lines do not beat with it. */
static uint32_t gradients(const struct oriel_picture *picture, int row, int from, int to) {
  int left = from * SIDE, right = to * SIDE, lines = picture->coded_height - row * SIDE - 1;
  right = right < picture->coded_width ? right : picture->coded_width - 1;
  lines = lines < SIDE - 1 ? lines : SIDE - 1;
  uint32_t total = 0;
  for (int line = 0; line < lines; line += 5) {
    const uint8_t *y = picture->y + (ptrdiff_t)(row * SIDE + line) * picture->stride_y;
    const uint8_t *below = y + picture->stride_y;
    int across = 0, down = 0; /* int and two sums: what compilers turn into sums of absolute differences */
    for (int x = left; x < right; x++)
      across += abs(y[x] - y[x + 1]);
    for (int x = left; x < right; x++)
      down += abs(y[x] - below[x]);
    total += (uint32_t)(across + down);
  }
  return total;
}

struct oriel_macroblock_analysis oriel_macroblocks_analyse(const struct oriel_macroblocks *blocks,
                                                        const struct oriel_picture *picture, int above) {
  struct oriel_macroblock_analysis analysis = {0};
  for (int row = 0; row < blocks->rows; row++) {
    const uint8_t *unchanged = blocks->unchanged + (ptrdiff_t)row * blocks->columns;
    const uint8_t *coded_qp = blocks->coded_qp + (ptrdiff_t)row * blocks->columns;
    int from = -1; /* start of a span that will be coded */
    for (int column = 0; column <= blocks->columns; column++) {
      bool coded = column < blocks->columns && (!unchanged[column] || coded_qp[column] > above);
      if (coded && from < 0)
        from = column;
      if (!coded && from >= 0) {
        analysis.activity += gradients(picture, row, from, column);
        from = -1;
      }
      if (!coded && column < blocks->columns && coded_qp[column] > analysis.coarsest)
        analysis.coarsest = coded_qp[column];
    }
  }
  return analysis;
}

int oriel_macroblocks_coarsest(const struct oriel_macroblocks *blocks) {
  int coarsest = 0;
  for (int i = 0; i < count_of(blocks); i++)
    coarsest = blocks->coded_qp[i] > coarsest ? blocks->coded_qp[i] : coarsest;
  return coarsest;
}

bool oriel_macroblocks_coded(struct oriel_macroblocks *blocks, int qp, int sharp) {
  bool coarse = false;
  for (int i = 0; i < count_of(blocks); i++) {
    if (!blocks->unchanged[i] || blocks->coded_qp[i] > qp)
      blocks->coded_qp[i] = (uint8_t)qp;
    coarse |= blocks->coded_qp[i] > sharp;
  }
  return coarse;
}
