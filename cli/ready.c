/* SPDX-License-Identifier: MIT
 *
 * The line that says where to look. Main thread.
 */
#include "cli/ready.h"

#include <string.h>
#include <uv.h>

#include "cli/secret.h"
#include "server/address.h"
#include "server/public.h"

static void first_outside_address(char *host, size_t size) {
  uv_interface_address_t *addresses = NULL;
  int count = 0;
  snprintf(host, size, "127.0.0.1");
  if (uv_interface_addresses(&addresses, &count) != 0)
    return;
  for (int i = 0; i < count; i++)
    if (!addresses[i].is_internal && addresses[i].address.address4.sin_family == AF_INET) {
      uv_ip4_name(&addresses[i].address.address4, host, size);
      break;
    }
  uv_free_interface_addresses(addresses, count);
}

void oriel_ready_host(const struct oriel_options *options, char *host, size_t size) {
  struct sockaddr_storage address;
  socklen_t address_size;
  char text[ORIEL_ADDRESS_TEXT_MAX];
  /* An IPv6 address has many spellings; the server knows itself by the shortest, as browsers do. */
  if (options->listen[0] == '[' && oriel_address_parse(options->listen, &address, &address_size) == 0)
    oriel_address_text((const struct sockaddr *)&address, text);
  else
    snprintf(text, sizeof text, "%s", options->listen);
  snprintf(host, size, "%.*s", (int)(strrchr(text, ':') - text), text);
  if (strcmp(host, "0.0.0.0") != 0 && strcmp(host, "[::]") != 0)
    return;
  if (options->allow_hosts.count > 0)
    snprintf(host, size, "%.*s", (int)strcspn(options->allow_hosts.words[0], ":"), options->allow_hosts.words[0]);
  else
    first_outside_address(host, size);
}

void oriel_ready_print(const struct oriel_options *options, uint16_t port, const char *token, const char *fingerprint) {
  const bool tls = options->tls_cert != NULL || options->tls_self_signed;
  char host[256], encoded[3 * ORIEL_TOKEN_SIZE];
  oriel_ready_host(options, host, sizeof host);
  oriel_token_encode(token, encoded, sizeof encoded);
  if (fingerprint[0] != '\0')
    printf("certificate: SHA-256 %s\n", fingerprint);
  struct oriel_public proxy;
  if (options->public_url != NULL && oriel_public_parse(options->public_url, &proxy) == 0)
    printf("ready: %s%s#token=%s\n", proxy.origin, proxy.path, encoded);
  else
    printf("ready: %s://%s:%u/#token=%s\n", tls ? "https" : "http", host, port, encoded);
  fflush(stdout);
}
