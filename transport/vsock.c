/* SPDX-License-Identifier: MIT
 *
 * vsock://. Any thread; no state.
 */
#include "transport/vsock.h"

#include <errno.h>
#include <string.h>

void oriel_vsock_name_linux(uint32_t cid, uint32_t port, struct oriel_peer *peer) {
  const struct oriel_vsock_linux name = {.family = ORIEL_AF_VSOCK, .port = port, .cid = cid};
  memset(peer, 0, sizeof *peer);
  memcpy(&peer->name, &name, sizeof name);
  peer->size = sizeof name;
}

void oriel_vsock_name_darwin(uint32_t cid, uint32_t port, struct oriel_peer *peer) {
  const struct oriel_vsock_darwin name = {.size = sizeof name, .family = ORIEL_AF_VSOCK, .port = port, .cid = cid};
  memset(peer, 0, sizeof *peer);
  memcpy(&peer->name, &name, sizeof name);
  peer->size = sizeof name;
}

uint32_t oriel_vsock_cid(const struct oriel_peer *peer) {
  uint32_t cid;
  if (peer->size < (socklen_t)sizeof(struct oriel_vsock_darwin) || peer->name.ss_family != ORIEL_AF_VSOCK)
    return ORIEL_VSOCK_ANY;
  /* At the same place in both layouts. */
  memcpy(&cid, (const char *)&peer->name + offsetof(struct oriel_vsock_linux, cid), sizeof cid);
  return cid;
}

bool oriel_vsock_accepts(const struct oriel_transport_address *address, const struct oriel_peer *peer) {
  return address->cid == ORIEL_VSOCK_ANY || oriel_vsock_cid(peer) == address->cid;
}

static bool accepts(const struct oriel_transport_address *address, int fd) {
  struct oriel_peer peer = {.size = sizeof peer.name};
  return !getpeername(fd, (struct sockaddr *)&peer.name, &peer.size) && oriel_vsock_accepts(address, &peer);
}

static int locate(const struct oriel_transport_address *address, bool is_listener, struct oriel_peers *peers) {
  if (!is_listener && address->cid == ORIEL_VSOCK_ANY)
    return -EINVAL;
  peers->count = 1;
  const uint32_t cid = is_listener ? ORIEL_VSOCK_ANY : address->cid;
#ifdef __APPLE__
  oriel_vsock_name_darwin(cid, address->port, &peers->list[0]);
#else
  oriel_vsock_name_linux(cid, address->port, &peers->list[0]);
#endif
  return 0;
}

const struct oriel_transport_impl oriel_transport_vsock = {
    .type = SOCK_STREAM,
    .locate = locate,
    .accepts = accepts,
};
