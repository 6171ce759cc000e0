/* SPDX-License-Identifier: MIT
 *
 * vsock://. Any thread; no state.
 */
#include "transport/vsock.h"

#include <errno.h>
#include <string.h>

void oriel_vsock_name_linux(uint32_t cid, uint32_t port, struct oriel_endpoint *endpoint) {
  const struct oriel_vsock_linux name = {.family = ORIEL_AF_VSOCK, .port = port, .cid = cid};
  memset(endpoint, 0, sizeof *endpoint);
  memcpy(&endpoint->name, &name, sizeof name);
  endpoint->size = sizeof name;
}

void oriel_vsock_name_darwin(uint32_t cid, uint32_t port, struct oriel_endpoint *endpoint) {
  const struct oriel_vsock_darwin name = {.size = sizeof name, .family = ORIEL_AF_VSOCK, .port = port, .cid = cid};
  memset(endpoint, 0, sizeof *endpoint);
  memcpy(&endpoint->name, &name, sizeof name);
  endpoint->size = sizeof name;
}

uint32_t oriel_vsock_cid(const struct oriel_endpoint *endpoint) {
  uint32_t cid;
  if (endpoint->size < (socklen_t)sizeof(struct oriel_vsock_darwin) || endpoint->name.ss_family != ORIEL_AF_VSOCK)
    return ORIEL_VSOCK_ANY;
  /* At the same place in both layouts. */
  memcpy(&cid, (const char *)&endpoint->name + offsetof(struct oriel_vsock_linux, cid), sizeof cid);
  return cid;
}

bool oriel_vsock_accepts(const struct oriel_transport_address *address, const struct oriel_endpoint *endpoint) {
  return address->cid == ORIEL_VSOCK_ANY || oriel_vsock_cid(endpoint) == address->cid;
}

static bool accepts(const struct oriel_transport_address *address, int fd) {
  struct oriel_endpoint endpoint = {.size = sizeof endpoint.name};
  return !getpeername(fd, (struct sockaddr *)&endpoint.name, &endpoint.size) && oriel_vsock_accepts(address, &endpoint);
}

static int locate(const struct oriel_transport_address *address, bool is_listener, struct oriel_endpoints *endpoints) {
  if (!is_listener && address->cid == ORIEL_VSOCK_ANY)
    return -EINVAL;
  endpoints->count = 1;
  const uint32_t cid = is_listener ? ORIEL_VSOCK_ANY : address->cid;
#ifdef __APPLE__
  oriel_vsock_name_darwin(cid, address->port, &endpoints->list[0]);
#else
  oriel_vsock_name_linux(cid, address->port, &endpoints->list[0]);
#endif
  return 0;
}

const struct oriel_transport_impl oriel_transport_vsock = {
    .type = SOCK_STREAM,
    .locate = locate,
    .accepts = accepts,
};
