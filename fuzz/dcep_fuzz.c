/* SPDX-License-Identifier: MIT
 *
 * Messages that open data channels.
 */
#include <stdlib.h>
#include <string.h>

#include "webrtc/dcep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_dcep_open open;
  memset(&open, 'x', sizeof open);
  switch (oriel_dcep_parse(data, size, &open)) {
  case ORIEL_DCEP_OPENS:
    if (size < 12 || size > ORIEL_DCEP_MAX || !memchr(open.label, '\0', sizeof open.label))
      abort();
    break;
  case ORIEL_DCEP_ACKNOWLEDGES:
    if (size != 1)
      abort();
    break;
  default:
    if (open.label[0] != 'x') /* untouched */
      abort();
  }
  return 0;
}
