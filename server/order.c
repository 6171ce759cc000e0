/* SPDX-License-Identifier: MIT
 *
 * Parsing an order for a desktop. Stateless.
 */
#include "server/order.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/credential.h"

enum { KEY_MAX = 32 };
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static int refuse(char *why, size_t why_size, const char *sentence) {
  snprintf(why, why_size, "%s", sentence);
  return -EINVAL;
}

/** A string without control characters and of at most `max` bytes; it may be empty. */
static bool is_plain(const json_t *value, size_t max) {
  const unsigned char *text = (const unsigned char *)json_string_value(value);
  if (!text || json_string_length(value) > max)
    return false;
  for (size_t i = 0; i < json_string_length(value); i++) {
    if (text[i] < ' ' || text[i] == 127)
      return false;
  }
  return true;
}

/** "key=value" in a new buffer; NULL when memory is short, or *bad. */
static char *option_of(const char *key, const json_t *value, bool *bad) {
  const size_t length = strlen(key);
  char text[ORIEL_ORDER_OPTION_MAX + 1];
  int size = -1;
  if (length >= 1 && length <= KEY_MAX && strchr(LETTERS, key[0]) && strspn(key, LETTERS "-") == length) {
    if (is_plain(value, sizeof text - KEY_MAX - 2))
      size = snprintf(text, sizeof text, "%s=%s", key, json_string_value(value));
    else if (json_is_integer(value))
      size = snprintf(text, sizeof text, "%s=%lld", key, (long long)json_integer_value(value));
    else if (json_is_boolean(value))
      size = snprintf(text, sizeof text, "%s=%s", key, json_is_true(value) ? "yes" : "no");
  }
  *bad = size < 0;
  char *option = *bad ? NULL : strdup(text);
  explicit_bzero(text, sizeof text);
  return option;
}

static int take_options(struct oriel_order *order, json_t *options, char *why, size_t why_size) {
  const char *key;
  json_t *value;
  size_t count = 0;
  if (!options)
    return 0;
  if (!json_is_object(options) || json_object_size(options) > ORIEL_ORDER_OPTIONS_MAX)
    return refuse(why, why_size, "\"options\" must be an object of at most 32 members");
  json_object_foreach(options, key, value) {
    bool bad;
    order->options[count] = option_of(key, value, &bad);
    if (bad)
      return refuse(why, why_size, "an option is a name of a-z and \"-\" with a text, a whole number, true or false");
    if (!order->options[count++])
      return -ENOMEM;
  }
  return 0;
}

static int take(struct oriel_order *order, json_t *root, char *why, size_t why_size) {
  const json_t *name = json_object_get(root, "name"), *address = json_object_get(root, "address");
  json_t *options = json_object_get(root, "options");
  if (!name || !address || json_object_size(root) != (options ? 3 : 2))
    return refuse(why, why_size, "the body must be {\"name\":\"...\",\"address\":\"...\",\"options\":{...}}");
  if (!is_plain(name, 255))
    return refuse(why, why_size, "\"name\" must be a text of at most 255 bytes without control characters");
  if (!is_plain(address, ORIEL_ORDER_ADDRESS_MAX) || json_string_length(address) == 0)
    return refuse(why, why_size, "\"address\" must be a text of 1 to 1024 bytes without control characters");
  order->name = strdup(json_string_value(name));
  order->address = strdup(json_string_value(address));
  return order->name && order->address ? take_options(order, options, why, why_size) : -ENOMEM;
}

int oriel_order_parse(const char *body, size_t size, struct oriel_order *order, char *why, size_t why_size) {
  struct oriel_order made = {0};
  json_t *root = size <= ORIEL_ORDER_MAX ? json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
  int status = take(&made, root, why, why_size);
  json_t *options = json_object_get(root, "options");
  if (json_is_object(options)) {
    json_incref(options);
    oriel_json_forget(options); /* leaves it to its owner, without its texts */
  }
  oriel_json_forget(root);
  if (status < 0)
    oriel_order_finish(&made);
  else
    *order = made;
  if (status == -ENOMEM)
    snprintf(why, why_size, "memory is short");
  return status;
}

static void wipe(char **text) {
  if (*text)
    explicit_bzero(*text, strlen(*text));
  free(*text);
  *text = NULL;
}

void oriel_order_finish(struct oriel_order *order) {
  wipe(&order->name);
  wipe(&order->address);
  for (size_t i = 0; i < ORIEL_ORDER_OPTIONS_MAX; i++)
    wipe(&order->options[i]);
}
