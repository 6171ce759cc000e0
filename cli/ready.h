/* SPDX-License-Identifier: MIT
 *
 * The lines that say where to look. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_READY_H
#define ORIEL_CLI_READY_H

#include <stddef.h>
#include <stdint.h>

#include "cli/links.h"
#include "cli/options.h"
#include "cli/secret.h"

enum { ORIEL_LINK_MAX = 448 + 3 * ORIEL_TOKEN_SIZE };

struct oriel_ready {
  const struct oriel_options *options;
  uint16_t port;
  const char *token, *view_token;
  const char *fingerprint; /* of the certificate; "" = none */
};

/** Prints on standard output, each on a line: "certificate: SHA-256 ..." if there is one, "view: URL" (a link that only
 *  lets watch), and as the last "ready: http://127.0.0.1:8080/#token=...". A token that the user gave is in none of
 *  them: the user knows it. Where standard output is no terminal, and --print-token is not given, what reads it may be
 *  a log: a token made at start then lies in a file of mode 0600, one URL a line, which "links: PATH" names instead,
 *  and which `links` (zeroed, with fd -1) holds until the caller removes it. 0, or -errno with a sentence in `why` (at
 *  least 512 bytes) when it cannot be written. */
int oriel_ready_print(const struct oriel_ready *ready, struct oriel_links *links, char *why, size_t why_size);
/** The host part of that address, in brackets where it is IPv6: the listening one, or for 0.0.0.0 and [::] the first
 *  --allow-host, else the first address of this machine that others can reach. */
void oriel_ready_host(const struct oriel_options *options, char *host, size_t size);

#endif
