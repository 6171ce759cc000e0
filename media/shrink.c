/* SPDX-License-Identifier: MIT
 *
 * Scaling down, by libyuv's box filter. Stateless.
 */
#include "media/shrink.h"

#include <assert.h>
#include <errno.h>
#include <libyuv/scale_argb.h>
#include <stddef.h>

static unsigned part(unsigned size, unsigned of, unsigned whole) {
  const unsigned scaled = (unsigned)((uint64_t)size * of / whole);
  return scaled ? scaled : 1;
}

void oriel_shrink_fit(unsigned width, unsigned height, unsigned max_width, unsigned max_height, unsigned *fit_width,
                      unsigned *fit_height) {
  *fit_width = width;
  *fit_height = height;
  if (*fit_width > max_width) {
    *fit_height = part(height, max_width, width);
    *fit_width = max_width;
  }
  if (*fit_height > max_height) {
    *fit_width = part(width, max_height, height);
    *fit_height = max_height;
  }
}

int oriel_shrink(const uint8_t *bgrx, int stride, unsigned width, unsigned height, uint8_t *out, unsigned out_width,
                 unsigned out_height) {
  if (out_width == 0 || out_height == 0 || out_width > width || out_height > height)
    return -EINVAL;
  /* Its rows are bytes B, G, R, x in memory, which libyuv calls ARGB. */
  return ARGBScale(bgrx, stride, (int)width, (int)height, out, (int)(out_width * 4), (int)out_width, (int)out_height,
                   kFilterBox)
             ? -ENOMEM
             : 0;
}

void oriel_shrink_part(const uint8_t *bgrx, int stride, unsigned factor, struct oriel_rect rect, uint8_t *out,
                       int out_stride) {
  assert(factor == 2 || factor == 4); /* whole pixels of the one become a pixel of the other, whatever the rectangle */
  const int times = (int)factor;
  (void)ARGBScale(bgrx + (ptrdiff_t)(rect.y * times) * stride + (ptrdiff_t)(rect.x * times) * 4, stride,
                  rect.width * times, rect.height * times, out + (ptrdiff_t)rect.y * out_stride + (ptrdiff_t)rect.x * 4,
                  out_stride, rect.width, rect.height, kFilterBox);
}
