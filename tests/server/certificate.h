/* SPDX-License-Identifier: MIT
 *
 * A certificate for tests.
 */
#ifndef ORIEL_TESTS_SERVER_CERTIFICATE_H
#define ORIEL_TESTS_SERVER_CERTIFICATE_H

enum { CERTIFICATE_MAX = 4096 };

/** A self-signed certificate for this run, and its key, as PEM texts. Asserts that it works. */
void certificate_make(char certificate[CERTIFICATE_MAX], char private_key[CERTIFICATE_MAX]);

#endif
