/* SPDX-License-Identifier: MIT
 *
 * The driver, linked in, under the simulator of coreaudiod.
 */
#include "tests/darwin/driver/checks.h"

void *OrielAudio_Create(CFAllocatorRef allocator, CFUUIDRef type);

static hal_factory fresh(void) {
  return OrielAudio_Create;
}

int main(void) {
  return checks_run(NULL, fresh, NULL);
}
