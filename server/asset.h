/* SPDX-License-Identifier: MIT
 *
 * The form in which the build embeds the web client. Thread-safety: constant data.
 */
#ifndef ORIEL_SERVER_ASSET_H
#define ORIEL_SERVER_ASSET_H

#include <stddef.h>
#include <stdint.h>

/** A file of the web client, built into the binary. */
struct oriel_asset {
  const char *path;         /* "/js/main.js"; "/" is the page */
  const char *content_type;
  const char *etag;         /* quoted, from the content */
  const uint8_t *data;
  size_t size;
};

#endif
