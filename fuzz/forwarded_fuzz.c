/* SPDX-License-Identifier: MIT
 *
 * What names the client behind a proxy: X-Forwarded-For, Forwarded, and --trusted-proxy. The text is all three, a line
 * each.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/address.h"
#include "server/proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void client_of(const struct oriel_proxies *proxies, const struct sockaddr *peer, const char *list,
                      const char *elements, char text[ORIEL_ADDRESS_TEXT_MAX]) {
  struct sockaddr_storage client;
  oriel_proxies_client(proxies, peer, list, elements, &client);
  require(client.ss_family == AF_INET || client.ss_family == AF_INET6);
  oriel_address_text((struct sockaddr *)&client, text);
}

static void try_headers(const char *list, const char *elements) {
  static const char *const trusted[] = {"10.0.0.0/8", "2001:db8::/32", NULL};
  struct sockaddr_in peer = {.sin_family = AF_INET}, stranger = {.sin_family = AF_INET};
  char by_list[ORIEL_ADDRESS_TEXT_MAX], by_elements[ORIEL_ADDRESS_TEXT_MAX], both[ORIEL_ADDRESS_TEXT_MAX];
  struct oriel_proxies proxies;
  peer.sin_addr.s_addr = htonl(0x0A000001);
  stranger.sin_addr.s_addr = htonl(0xC0000201);
  if (oriel_proxies_init(&proxies, trusted) < 0)
    return;
  client_of(&proxies, (struct sockaddr *)&stranger, list, elements, both);
  require(strcmp(both, "192.0.2.1:0") == 0);
  client_of(&proxies, (struct sockaddr *)&peer, list, NULL, by_list);
  client_of(&proxies, (struct sockaddr *)&peer, NULL, elements, by_elements);
  client_of(&proxies, (struct sockaddr *)&peer, list, elements, both);
  require(strcmp(both, by_list) == 0 || strcmp(both, "10.0.0.1:0") == 0);
  require(strcmp(both, by_elements) == 0 || strcmp(both, "10.0.0.1:0") == 0);
  oriel_proxies_finish(&proxies);
}

static void try_prefix(const char *text) {
  struct oriel_prefix prefix;
  if (oriel_prefix_parse(text, &prefix) < 0)
    return;
  require(prefix.bits <= 128 && strlen(text) < 64);
  for (unsigned bit = prefix.bits; bit < 128; bit++)
    require((prefix.bytes[bit / 8] >> (7 - bit % 8) & 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  char *elements = strchr(text, '\n'), *prefix = elements ? strchr(elements + 1, '\n') : NULL;
  if (elements)
    *elements++ = '\0';
  if (prefix)
    *prefix++ = '\0';
  try_headers(text, elements ? elements : "");
  if (prefix)
    try_prefix(prefix);
  free(text);
  return 0;
}
