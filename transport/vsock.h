/* SPDX-License-Identifier: MIT
 *
 * Names of vsock sockets, as the two systems lay them out; both are known everywhere so that both are tested
 * everywhere. Private to transport/. Thread-safety: none needed, no state.
 */
#ifndef ORIEL_TRANSPORT_VSOCK_H
#define ORIEL_TRANSPORT_VSOCK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/scheme.h"

enum { ORIEL_AF_VSOCK = 40 }; /* on Linux and on macOS */
#define ORIEL_VSOCK_ANY UINT32_MAX

/* struct sockaddr_vm of Linux (linux/vm_sockets.h). */
struct oriel_vsock_linux {
  uint16_t family, reserved;
  uint32_t port, cid; /* of this machine's byte order */
  uint8_t flags, zero[3];
};

/* struct sockaddr_vm of macOS (sys/vsock.h). */
struct oriel_vsock_darwin {
  uint8_t size, family;
  uint16_t reserved;
  uint32_t port, cid;
};

static_assert(sizeof(struct oriel_vsock_linux) == 16 && offsetof(struct oriel_vsock_linux, cid) == 8, "Linux");
static_assert(sizeof(struct oriel_vsock_darwin) == 12 && offsetof(struct oriel_vsock_darwin, cid) == 8, "macOS");

void oriel_vsock_name_linux(uint32_t cid, uint32_t port, struct oriel_endpoint *endpoint);
void oriel_vsock_name_darwin(uint32_t cid, uint32_t port, struct oriel_endpoint *endpoint);
/** The CID in a name that the system filled, whichever layout; ORIEL_VSOCK_ANY when it is no vsock name. */
uint32_t oriel_vsock_cid(const struct oriel_endpoint *endpoint);
/** A listener's CID says who may come in: `any`, or that one. */
bool oriel_vsock_accepts(const struct oriel_transport_address *address, const struct oriel_endpoint *endpoint);

extern const struct oriel_transport_impl oriel_transport_vsock;

#endif
