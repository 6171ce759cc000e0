/* SPDX-License-Identifier: MIT
 *
 * The viewer protocol's parser. Beyond not crashing: what it accepts must encode to the very same bytes, so nothing is
 * read past, ignored or invented.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/viewer_encode.h"
#include "wire/viewer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_viewer_in in;
  if (oriel_viewer_parse(data, size, &in) != 0)
    return 0;
  uint8_t again[VIEWER_ENCODE_MAX];
  if (viewer_encode(&in, again) != size || memcmp(again, data, size) != 0)
    abort();
  return 0;
}
