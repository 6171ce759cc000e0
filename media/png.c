/* SPDX-License-Identifier: MIT
 *
 * PNG of a BGRX picture, on libpng. Called by whichever worker serves snapshots; stateless.
 */
#include "media/png.h"

#include <errno.h>
#include <png.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { COMPRESSION = 1 }; /* of 9: four times faster than the default, a desktop gets a third larger */

struct sink {
  uint8_t *data; /* owned */
  size_t size, capacity;
  bool out_of_memory;
};

static void sink_write(png_structp png, png_bytep data, size_t size) {
  struct sink *sink = png_get_io_ptr(png);
  if (size > sink->capacity - sink->size) {
    size_t capacity = sink->capacity * 2 + size;
    uint8_t *grown = capacity > sink->capacity ? realloc(sink->data, capacity) : NULL;
    if (!grown) {
      sink->out_of_memory = true;
      png_error(png, "out of memory");
    }
    sink->data = grown;
    sink->capacity = capacity;
  }
  memcpy(sink->data + sink->size, data, size);
  sink->size += size;
}

static void sink_flush(png_structp png) {
  (void)png;
}

static void warning_ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void error_jump(png_structp png, png_const_charp message) {
  (void)message;
  png_longjmp(png, 1);
}

/* Apart from its caller, so that no local lives across setjmp. */
static int png_write(png_structp png, png_infop info, const uint8_t *bgrx, int stride, unsigned width,
                     unsigned height) {
  if (setjmp(png_jmpbuf(png)))
    return -EIO;
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, COMPRESSION);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_write_info(png, info);
  png_set_bgr(png);
  png_set_filler(png, 0, PNG_FILLER_AFTER);
  for (unsigned y = 0; y < height; y++)
    png_write_row(png, bgrx + (ptrdiff_t)y * stride);
  png_write_end(png, info);
  return 0;
}

int oriel_png_encode(const uint8_t *bgrx, int stride, unsigned width, unsigned height, uint8_t **png, size_t *size) {
  struct sink sink = {0};
  int error = -ENOMEM;
  png_infop info = NULL;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, error_jump, warning_ignore);
  if (!writer)
    return error;
  info = png_create_info_struct(writer);
  if (!info)
    goto out;
  png_set_write_fn(writer, &sink, sink_write, sink_flush);
  error = png_write(writer, info, bgrx, stride, width, height);
  if (error < 0 && sink.out_of_memory)
    error = -ENOMEM;
  if (error == 0) {
    *png = sink.data;
    *size = sink.size;
    sink.data = NULL;
  }
out:
  png_destroy_write_struct(&writer, &info);
  free(sink.data);
  return error;
}
