/* SPDX-License-Identifier: MIT
 *
 * The small picture of a desktop for the list of them: made while somebody asks for it, at most once a second, and
 * handed to all who ask. Who makes it is in thumbnail_handler.c. Thread-safety: one owner; time is an argument.
 */
#ifndef ORIEL_SERVER_THUMBNAIL_H
#define ORIEL_SERVER_THUMBNAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_THUMBNAIL_WIDTH = 384, /* pixels at most */
  ORIEL_THUMBNAIL_HEIGHT = 240,
};

/** Zeroed: there is none yet. */
struct oriel_thumbnail {
  uint8_t *png; /* NULL = none */
  size_t size;
  char etag[20];     /* quoted, from the picture's content */
  uint64_t begun_ns; /* when a worker last went to make one */
  uint64_t made_ns, asked_ns;
  bool making, failed;
};

/** Whether it is time to make another. */
bool oriel_thumbnail_due(const struct oriel_thumbnail *thumbnail, uint64_t now_ns);
/** Whether there is one that still shows the present. */
bool oriel_thumbnail_fresh(const struct oriel_thumbnail *thumbnail, uint64_t now_ns);
/** Takes over a new one: `png` of `size` bytes, from malloc. */
void oriel_thumbnail_take(struct oriel_thumbnail *thumbnail, uint8_t *png, size_t size, uint64_t now_ns);
/** Forgets it. */
void oriel_thumbnail_drop(struct oriel_thumbnail *thumbnail);
/** Time goes on: forgets one that nobody asks for any more. */
void oriel_thumbnail_tick(struct oriel_thumbnail *thumbnail, uint64_t now_ns);

#endif
