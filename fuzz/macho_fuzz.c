/* SPDX-License-Identifier: MIT
 *
 * The Mach-O loader of the driver's tests: header, commands, opcodes, chains, symbols; nothing is run.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/darwin/macho.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int something;

/* Some symbols are there, some are not. */
static void *lookup(void *context, const char *name) {
  (void)context;
  return strlen(name) % 4 ? &something : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"_data", "_OrielAudio_Create", "_tiny_data", "", "_"};
  char why[MACHO_WHY_SIZE] = "";
  struct macho *macho = NULL;
  int error = macho_load(data, size, lookup, NULL, &macho, why);
  /* Refused in words, or loaded. */
  if ((error != 0) != (macho == NULL) || (error && !why[0]))
    abort();
  for (size_t i = 0; !error && i < sizeof names / sizeof names[0]; i++) {
    volatile uint8_t *at = macho_symbol(macho, names[i]);
    if (at)
      (void)*at;
  }
  macho_unload(macho);
  return 0;
}
