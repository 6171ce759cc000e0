/* SPDX-License-Identifier: MIT
 *
 * The one table of schemes. Any thread; constant.
 */
#include "transport/schemes.h"

#include "transport/inet.h"
#include "transport/mux.h"
#include "transport/serial.h"
#include "transport/unix.h"
#include "transport/vsock.h"

static const struct oriel_transport_impl *const impls[] = {
    [ORIEL_TRANSPORT_VSOCK] = &oriel_transport_vsock,   [ORIEL_TRANSPORT_UNIX] = &oriel_transport_unix,
    [ORIEL_TRANSPORT_TCP] = &oriel_transport_tcp,       [ORIEL_TRANSPORT_UDP] = &oriel_transport_udp,
    [ORIEL_TRANSPORT_SERIAL] = &oriel_transport_serial, [ORIEL_TRANSPORT_MUX] = &oriel_transport_mux,
};

const struct oriel_transport_impl *oriel_transport_impl(enum oriel_transport_scheme scheme) {
  return (size_t)scheme < sizeof impls / sizeof *impls ? impls[scheme] : NULL;
}
