/* SPDX-License-Identifier: MIT
 *
 * The line that says where to look. Main thread.
 */
#include "cli/ready.h"

#include <string.h>
#include <unistd.h>
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

static bool is_given(const char *token, const char *file) {
  return token != NULL || file != NULL;
}

static void format_link(const struct oriel_ready *ready, const char *token, char *link, size_t size) {
  const struct oriel_options *options = ready->options;
  const bool tls = options->tls_cert != NULL || options->tls_self_signed;
  char host[256], encoded[3 * ORIEL_TOKEN_SIZE] = "";
  struct oriel_public proxy;
  const char *mark = token != NULL ? "#token=" : "";
  if (token != NULL)
    oriel_token_encode(token, encoded, sizeof encoded);
  if (options->public_url != NULL && oriel_public_parse(options->public_url, &proxy) == 0) {
    snprintf(link, size, "%s%s%s%s", proxy.origin, proxy.path, mark, encoded);
  } else {
    oriel_ready_host(options, host, sizeof host);
    snprintf(link, size, "%s://%s:%u/%s%s", tls ? "https" : "http", host, ready->port, mark, encoded);
  }
  explicit_bzero(encoded, sizeof encoded);
}

int oriel_ready_print(const struct oriel_ready *ready, struct oriel_links *links, char *why, size_t why_size) {
  const struct oriel_options *options = ready->options;
  const bool given = is_given(options->token, options->token_file);
  const bool view_given = is_given(options->view_token, options->view_token_file);
  const bool loud = options->print_token || isatty(STDOUT_FILENO);
  char address[2 * ORIEL_LINK_MAX + 2], link[ORIEL_LINK_MAX], view[ORIEL_LINK_MAX];
  int result = 0;
  format_link(ready, given ? NULL : ready->token, link, sizeof link);
  format_link(ready, view_given ? NULL : ready->view_token, view, sizeof view);
  if (!loud && !(given && view_given)) {
    snprintf(address, sizeof address, "%s%s%s%s", given ? "" : link, given ? "" : "\n", view_given ? "" : view,
             view_given ? "" : "\n");
    result = oriel_links_write(links, ready->port, address, why, why_size);
    explicit_bzero(address, sizeof address);
    format_link(ready, NULL, link, sizeof link);
  }
  if (result == 0) {
    if (ready->fingerprint[0] != '\0')
      printf("certificate: SHA-256 %s\n", ready->fingerprint);
    if (links->path[0] != '\0')
      printf("links: %s\n", links->path);
    else if (!view_given)
      printf("view: %s\n", view);
    printf("ready: %s\n", link);
    fflush(stdout);
  }
  explicit_bzero(link, sizeof link);
  explicit_bzero(view, sizeof view);
  return result;
}
