/* SPDX-License-Identifier: MIT
 *
 * The body of POST /api/v1/desktops. What comes through is within its bounds, and without control characters.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void require_plain(const char *text, size_t max) {
  require(strlen(text) <= max);
  for (; *text; text++)
    require((unsigned char)*text >= ' ' && *text != 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_order order;
  char why[256] = "";
  if (oriel_order_parse((const char *)data, size, &order, why, sizeof why) < 0) {
    require(why[0]);
    return 0;
  }
  require(!why[0]);
  require_plain(order.name, 255);
  require_plain(order.address, ORIEL_ORDER_ADDRESS_MAX);
  size_t count = 0;
  for (; order.options[count]; count++) {
    require_plain(order.options[count], ORIEL_ORDER_OPTION_MAX);
    require(strchr(order.options[count], '=') != NULL);
  }
  require(count <= ORIEL_ORDER_OPTIONS_MAX);
  oriel_order_finish(&order);
  return 0;
}
