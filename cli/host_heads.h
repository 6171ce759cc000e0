/* SPDX-License-Identifier: MIT
 *
 * The heads of machines (?console=all): each that a guest uses is a desktop of its own, which comes and goes.
 * Thread-safety: main thread, on the loop.
 */
#ifndef ORIEL_CLI_HOST_HEADS_H
#define ORIEL_CLI_HOST_HEADS_H

#include "cli/host_work.h"

/** From here on the desktops of the host follow their machines' heads. 0, or libuv's -errno. The handle is closed with
 *  the loop's. */
int oriel_host_heads_init(struct oriel_host *host, uv_loop_t *loop);

#endif
