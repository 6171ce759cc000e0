/* SPDX-License-Identifier: MIT
 *
 * The line that says where to look. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_READY_H
#define ORIEL_CLI_READY_H

#include <stdint.h>

#include "cli/options.h"

/** Prints "ready: http://127.0.0.1:8080/#token=..." on standard output, and before it the fingerprint if
 *  there is one. */
void oriel_ready_print(const struct oriel_options *options, uint16_t port, const char *token, const char *fingerprint);
/** The host part of that address, in brackets where it is IPv6: the listening one, or for 0.0.0.0 and [::] the first
 *  --allow-host, else the first address of this machine that others can reach. */
void oriel_ready_host(const struct oriel_options *options, char *host, size_t size);

#endif
