/* SPDX-License-Identifier: MIT
 *
 * Addresses as text: what is taken can be written and read again, and means the same.
 */
#include "transport/address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_transport_address address, again;
  char why[160], written[900];
  char *text = malloc(size + 1);
  if (!text)
    return 0;
  if (size)
    memcpy(text, data, size);
  text[size] = '\0';
  memset(why, '\n', sizeof why);
  if (oriel_transport_address_parse(text, &address, why, sizeof why) == 0) {
    const int length = oriel_transport_address_format(&address, written, sizeof written);
    if (length < 0 || (size_t)length >= sizeof written)
      abort();
    if (oriel_transport_address_parse(written, &again, why, sizeof why) || memcmp(&address, &again, sizeof again))
      abort();
  } else if (!memchr(why, '\0', sizeof why)) {
    abort();
  }
  free(text);
  return 0;
}
