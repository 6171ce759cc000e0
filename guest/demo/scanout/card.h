/* SPDX-License-Identifier: MIT
 *
 * A graphics card with one picture in memory that the host is told about in rectangles, and a cursor with a hot spot.
 *
 * Compositors for real screens flip between pictures, at the refresh of a monitor. For a virtual card each flip means
 * that the host must take the whole picture for new, and kernels from 6.1.70 on hide the cursor plane from them,
 * because they do not tell where its hot spot is. Here one picture stays, and DIRTYFB names the parts that changed.
 *
 * Thread-safety: none; the compositor has one thread.
 */
#ifndef ORIEL_GUEST_SCANOUT_CARD_H
#define ORIEL_GUEST_SCANOUT_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CARD_CURSOR_SIZE = 64, CARD_SIZE_MAX = 8192 };

/** Pixels of 32 bits in the kernel's memory. */
struct card_picture {
  uint32_t handle;
  uint32_t frame_buffer;
  int width;
  int height;
  size_t stride;
  size_t size;
  uint8_t *pixels; /* NULL while there is no picture */
};

struct card {
  int fd;
  uint32_t connector;
  uint32_t crtc;
  char name[32]; /* of the connector, as in /sys/class/drm, for example Virtual-1 */
  int preferred_width;
  int preferred_height;
  struct card_picture front;
  struct card_picture cursor;
};

/** Left, top inclusive; right, bottom exclusive. */
struct card_rect {
  int x1;
  int y1;
  int x2;
  int y2;
};

/** Takes the card behind fd, which stays the caller's, and its first connected connector. Returns 0 or -errno;
 *  -ENODEV if nothing is connected. */
int card_init(struct card *card, int fd);

/** Gives back what the card holds in the kernel. */
void card_finish(struct card *card);

/** Shows width x height pixels. Without a picture of that size, or with whole set, all of them are copied, else those
 *  in the count rectangles. Returns 0 or -errno. */
int card_show(struct card *card, const uint8_t *pixels, size_t stride, int width, int height, bool whole,
              const struct card_rect *rects, int count);

/** Turns the connector off. */
void card_hide(struct card *card);

/** Sets the cursor's image, CARD_CURSOR_SIZE squared ARGB with alpha premultiplied, or hides it if pixels is NULL.
 *  Returns 0 or -errno. */
int card_set_cursor(struct card *card, const uint8_t *pixels, size_t stride, int hot_x, int hot_y);

/** Moves the cursor image's top left corner. */
void card_move_cursor(struct card *card, int x, int y);

#endif
