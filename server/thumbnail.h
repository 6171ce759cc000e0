/* SPDX-License-Identifier: MIT
 *
 * The small picture of a desktop for the list of them: made while somebody asks for it, at most once a second, by a
 * worker of libuv's pool, and handed to all who ask. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_THUMBNAIL_H
#define ORIEL_SERVER_THUMBNAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_THUMBNAIL_WIDTH = 384, /* pixels at most */
  ORIEL_THUMBNAIL_HEIGHT = 240,
  ORIEL_THUMBNAILS_AT_ONCE = 2, /* of all desktops: libuv's pool has four workers, for other things, too */
};

struct oriel_mount;
struct oriel_server;

/** Zeroed: there is none yet. */
struct oriel_thumbnail {
  uint8_t *png; /* NULL = none */
  size_t size;
  char etag[20];     /* quoted, from the picture's content */
  uint64_t begun_ns; /* when a worker last went to make one */
  uint64_t made_ns, asked_ns;
  bool making, failed;
};

/** Forgets it. */
void oriel_thumbnail_drop(struct oriel_thumbnail *thumbnail);
/** Forgets those that nobody asks for any more. */
void oriel_thumbnails_tick(struct oriel_server *server, uint64_t now_ns);

#endif
