/* SPDX-License-Identifier: MIT
 *
 * A link under TLS: handshake, then records of at most 16 KiB straight between the caller's buffers and the client's
 * socket.
 *
 * Thread-safety: the loop thread only; no call blocks.
 */
#ifndef ORIEL_SERVER_LINK_TLS_H
#define ORIEL_SERVER_LINK_TLS_H

#include <stddef.h>

#include "server/link.h"

struct ssl_ctx_st;

/** Takes over a connected non-blocking socket. 0 with the link, whose handshake is to come; -ENOMEM: the socket is
 *  still the caller's. */
int oriel_link_tls_create(struct ssl_ctx_st *context, int fd, struct oriel_link **link);
/** Goes on with the handshake: 0 = it is done; -EAGAIN: call again when *events (UV_READABLE or UV_WRITABLE) comes;
 *  -EPROTO: it failed. */
int oriel_link_tls_shake(struct oriel_link *link, int *events);
/** Bytes that its client sent and that were read already: they come before all others, behind those given earlier. 0,
 *  -ENOMEM. */
int oriel_link_tls_return(struct oriel_link *link, const void *data, size_t size);

#endif
