/* SPDX-License-Identifier: MIT
 *
 * WHEP's beginning and end, and its clients taken together. Loop thread.
 */
#include "server/whep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "server/whep_client.h"
#include "server/whep_port.h"

/* ---- some of them ---- */

void oriel_whep_flush(struct oriel_mount *mount) {
  struct oriel_whep *whep = mount->mounts->whep;
  const uint64_t now_ns = oriel_clock_ns();
  if (!whep || !mount->whep_count)
    return; /* a page's client is handed its pictures by the page's own connection */
  for (struct oriel_list *node = whep->clients.next, *next; node != &whep->clients; node = next) {
    struct oriel_whep_client *client = oriel_list_entry(node, struct oriel_whep_client, node);
    next = node->next;
    if (client->mount != mount || !client->viewer || client->page)
      continue;
    client->fresh = true;
    oriel_whep_client_pump(whep, client, now_ns);
  }
  oriel_whep_port_schedule(whep);
}

/** Those of a mount, where it is not NULL; those of a log-in, where it is not 0. */
static void end_some(struct oriel_whep *whep, const struct oriel_mount *mount, uint64_t login, const char *reason) {
  for (struct oriel_list *node = whep->clients.next, *next; node != &whep->clients; node = next) {
    struct oriel_whep_client *client = oriel_list_entry(node, struct oriel_whep_client, node);
    next = node->next;
    if ((mount && client->mount == mount) || (login && client->login == login))
      oriel_whep_client_end(whep, client, reason);
  }
  oriel_whep_port_schedule(whep);
}

void oriel_whep_bye(struct oriel_mount *mount) {
  if (mount->mounts->whep && mount->whep_count + mount->whep_pages)
    end_some(mount->mounts->whep, mount, 0, "the desktop goes away");
}

void oriel_whep_logout(struct oriel_mounts *mounts, uint64_t session) {
  if (mounts->whep)
    end_some(mounts->whep, NULL, session, "logged out");
}

/* ---- life ---- */

static int take_public(struct oriel_whep *whep, const char *const *addresses, char *why, size_t why_size) {
  for (; addresses && *addresses; addresses++) {
    uint8_t bytes[16];
    const bool v6 = strchr(*addresses, ':') != NULL;
    if (uv_inet_pton(v6 ? AF_INET6 : AF_INET, *addresses, bytes) < 0) {
      snprintf(why, why_size, "--public-address is \"%.60s\": it must be an address of IPv4 or IPv6, as 203.0.113.7",
               *addresses);
      return -EINVAL;
    }
    const struct oriel_webrtc_address address = oriel_webrtc_address_make(bytes, v6 ? 16 : 4, whep->udp.port);
    if (address.size == 16 && !whep->udp.v6) {
      snprintf(why, why_size, "--public-address %.60s is of IPv6, and the server listens at an address of IPv4: nobody "
               "could be reached there; give --listen one of IPv6, as [::]:8080", *addresses);
      return -EINVAL;
    }
    if (whep->public_count == ORIEL_SDP_CANDIDATES_MAX / 2) {
      snprintf(why, why_size, "--public-address is given more than %d times", ORIEL_SDP_CANDIDATES_MAX / 2);
      return -EINVAL;
    }
    whep->public_addresses[whep->public_count++] = address;
  }
  return 0;
}

static int open_port(struct oriel_whep *whep, const struct oriel_site *site, const struct oriel_server_webrtc *config,
                     char *why, size_t why_size) {
  const bool any = config->public_addresses && config->public_addresses[0];
  const uint16_t port = config->port ? config->port : oriel_site_port(site);
  int status = oriel_udp_open(&whep->udp, (const struct sockaddr *)&site->bound, port, any);
  if (status == -EADDRINUSE && !config->port && site->any_port)
    status = oriel_udp_open(&whep->udp, (const struct sockaddr *)&site->bound, 0, any);
  if (status == 0)
    return 0;
  snprintf(whep->closed_because, sizeof whep->closed_because,
           "UDP port %u cannot be opened: %s; give another one with --webrtc-port", port, strerror(-status));
  if (config->port || status != -EADDRINUSE) { /* what is short for a moment must not leave WHEP off for good */
    snprintf(why, why_size, "%s", whep->closed_because);
    return status;
  }
  oriel_warn("server", "WHEP is not served: %s", whep->closed_because);
  return 0;
}

static void release(struct oriel_whep *whep) {
  oriel_udp_close(&whep->udp);
  oriel_dtls_identity_destroy(whep->identity);
  oriel_ice_servers_finish(&whep->ice_servers);
  oriel_heap_finish(&whep->due);
  free(whep);
}

/** 0, or -errno with a sentence. */
static int fill(struct oriel_whep *whep, const struct oriel_site *site, const struct oriel_server_webrtc *config,
                char *why, size_t why_size) {
  int status = open_port(whep, site, config, why, why_size);
  if (status == 0)
    status = take_public(whep, config->public_addresses, why, why_size);
  if (status == 0)
    status = oriel_ice_servers_init(&whep->ice_servers, config->ice_servers, config->turn_secret, why, why_size);
  if (status < 0 || whep->udp.fd < 0)
    return status;
  status = oriel_dtls_identity_create(&whep->identity);
  if (status == 0)
    status = oriel_whep_port_watch(whep);
  if (status < 0)
    snprintf(why, why_size, "cannot serve WHEP: %s; --no-webrtc goes without", strerror(-status));
  return status;
}

int oriel_whep_start(struct oriel_mounts *mounts, const struct oriel_site *site,
                     const struct oriel_server_webrtc *config, char *why, size_t why_size) {
  if (!config->enabled)
    return 0;
  struct oriel_whep *whep = calloc(1, sizeof *whep);
  if (!whep) {
    snprintf(why, why_size, "cannot serve WHEP: %s", strerror(ENOMEM));
    return -ENOMEM;
  }
  whep->loop = mounts->loop;
  whep->sessions = &mounts->access->sessions;
  whep->udp.fd = -1;
  oriel_list_init(&whep->clients);
  oriel_heap_init(&whep->due);
  oriel_webrtc_router_init(&whep->router);
  const int status = fill(whep, site, config, why, why_size);
  if (status < 0) {
    release(whep);
    return status;
  }
  mounts->whep = whep;
  return 0;
}

void oriel_whep_stop(struct oriel_mounts *mounts) {
  if (mounts->whep)
    oriel_whep_port_close(mounts->whep);
}

void oriel_whep_finish(struct oriel_mounts *mounts) {
  if (mounts->whep)
    release(mounts->whep);
  mounts->whep = NULL;
}
