/* SPDX-License-Identifier: MIT
 *
 * Certificates: read from files, or made at start. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_TLS_H
#define ORIEL_CLI_TLS_H

#include <stddef.h>

#include "cli/options.h"

struct oriel_tls {
  char *cert, *key;         /* PEM texts; both NULL without TLS */
  char fingerprint[96];     /* SHA-256 of the certificate, "AB:CD:..."; "" unless self-signed */
};

/** Fills `tls` as the options ask: nothing, the two files (checked to belong together), or a new EC P-256 certificate,
 *  valid for a year, for the listening address, localhost and every --allow-host. 0, -errno with a sentence in
 *  `why`. */
int oriel_tls_prepare(const struct oriel_options *options, struct oriel_tls *tls, char *why, size_t why_size);
void oriel_tls_finish(struct oriel_tls *tls);

#endif
