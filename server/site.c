/* SPDX-License-Identifier: MIT
 *
 * What browsers find. Loop thread.
 */
#include "server/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/address.h"

int oriel_site_check(const struct oriel_server_config *config, char *why, size_t why_size) {
  if (!config->tls_cert != !config->tls_key) {
    snprintf(why, why_size, "cannot use TLS: it needs both a certificate and a key; give --tls-cert and --tls-key");
    return -EINVAL;
  }
  struct oriel_public address;
  if (config->public_url && oriel_public_parse(config->public_url, &address) < 0) {
    snprintf(why, why_size,
             "--public-url is \"%.80s\": it must be as https://vm.example, with a port and a path if need be",
             config->public_url);
    return -EINVAL;
  }
  return 0;
}

uint16_t oriel_site_port(const struct oriel_site *site) {
  return oriel_address_port((const struct sockaddr *)&site->bound);
}

/** What browsers see: ourselves, or the proxy before us. */
static void set_public(struct oriel_site *site, const char *url) {
  site->public_address = (struct oriel_public){.tls = site->tls, .port = oriel_site_port(site), .path = "/"};
  if (url)
    (void)oriel_public_parse(url, &site->public_address);
  site->secure = site->tls || site->public_address.tls;
  snprintf(site->cookie, sizeof site->cookie, "oriel_session_%u", site->public_address.port);
}

/** What the pages are sent with. 0, -ENOMEM. */
static int init_policies(struct oriel_site *site) {
  int status = 0;
  for (size_t i = 0; i < site->asset_count && status == 0; i++) {
    const struct oriel_asset *asset = &site->assets[i];
    if (strcmp(asset->path, "/") == 0)
      status = oriel_policy_of(asset->data, asset->size, site->page_policy);
    else if (strcmp(asset->path, ORIEL_LIST_PATH) == 0)
      status = oriel_policy_of(asset->data, asset->size, site->list_policy);
  }
  return status;
}

/** Whether the configuration leaves the port to the kernel. */
static bool leaves_port(const struct oriel_server_config *config) {
  struct sockaddr_storage address;
  socklen_t size;
  return !config->listener && oriel_address_parse(config->listen, &address, &size) == 0 &&
         oriel_address_port((const struct sockaddr *)&address) == 0;
}

int oriel_site_init(struct oriel_site *site, const struct oriel_server_config *config) {
  site->any_port = leaves_port(config);
  site->tls = config->tls_cert != NULL;
  site->assets = config->assets;
  site->asset_count = config->asset_count;
  site->version = config->version ? config->version : "";
  set_public(site, config->public_url);
  int status = oriel_origins_init(&site->origins, (const struct sockaddr *)&site->bound, site->tls,
                                  config->allow_hosts, config->allow_origins);
  if (status == 0 && site->public_address.host[0])
    status = oriel_origins_public(&site->origins, &site->public_address);
  if (status == 0)
    status = init_policies(site);
  if (status == 0)
    status = oriel_proxies_init(&site->proxies, config->trusted_proxies);
  return status;
}

void oriel_site_finish(struct oriel_site *site) {
  oriel_origins_finish(&site->origins);
  oriel_proxies_finish(&site->proxies);
}

const struct oriel_asset *oriel_site_asset(const struct oriel_site *site, const char *path) {
  for (size_t i = 0; i < site->asset_count; i++) {
    if (strcmp(site->assets[i].path, path) == 0)
      return &site->assets[i];
  }
  return NULL;
}
