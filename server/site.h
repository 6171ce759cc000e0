/* SPDX-License-Identifier: MIT
 *
 * How browsers find and see a server: its addresses, whom it believes about them, the pages and their policies.
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_SITE_H
#define ORIEL_SERVER_SITE_H

#include "server/config.h"
#include "server/origin.h"
#include "server/policy.h"
#include "server/proxies.h"
#include "server/public.h"

#define ORIEL_LIST_PATH "/list.html" /* the asset that is at / where the desktops are not one */

struct oriel_site {
  struct sockaddr_storage bound;
  bool any_port; /* the kernel chose it: nobody counts on its number */
  bool tls;
  bool secure; /* browsers reach us by TLS, ours or a proxy's */
  struct oriel_public public_address; /* path "/" without a proxy */
  uint64_t upgrade_lost_ns; /* when a handshake came that a proxy had robbed of its Upgrade; 0 = never */
  char cookie[32]; /* its name holds the port: browsers share cookies between ports of one host */
  struct oriel_origins origins;
  struct oriel_proxies proxies;
  const struct oriel_asset *assets; /* borrowed */
  size_t asset_count;
  char page_policy[ORIEL_POLICY_MAX], list_policy[ORIEL_POLICY_MAX]; /* content security policies of the pages */
  const char *version; /* borrowed */
};

/** Whether a server can be had by this configuration. 0; -EINVAL with a sentence in `why`. */
int oriel_site_check(const struct oriel_server_config *config, char *why, size_t why_size);
/** Of a server whose address is in `bound` already. 0, -ENOMEM; finish is due in any case. */
int oriel_site_init(struct oriel_site *site, const struct oriel_server_config *config);
/** Of a zeroed one, too. */
void oriel_site_finish(struct oriel_site *site);
uint16_t oriel_site_port(const struct oriel_site *site);
/** The asset of this path, from our own / on; NULL. */
const struct oriel_asset *oriel_site_asset(const struct oriel_site *site, const char *path);

#endif
