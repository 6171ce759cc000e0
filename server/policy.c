/* SPDX-License-Identifier: MIT
 *
 * The content security policy. See policy.h.
 */
#include "server/policy.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Pictures may be blobs (snapshots) and data (cursors). */
#define BEFORE "default-src 'none'; script-src 'self'"
#define AFTER                                                                                                          \
  "; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; media-src blob:; "         \
  "worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

const char oriel_policy[] = BEFORE AFTER;

int oriel_policy_of(const void *page, size_t size, char policy[ORIEL_POLICY_MAX]) {
  static const char open[] = "<script>", close[] = "</script>";
  snprintf(policy, ORIEL_POLICY_MAX, "%s", oriel_policy);
  const uint8_t *script = memmem(page, size, open, sizeof open - 1);
  if (!script)
    return 0;
  script += sizeof open - 1;
  const uint8_t *end = memmem(script, size - (size_t)(script - (const uint8_t *)page), close, sizeof close - 1);
  if (!end)
    return 0;
  unsigned char hash[SHA256_DIGEST_LENGTH], text[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];
  if (!SHA256(script, (size_t)(end - script), hash))
    return -ENOMEM;
  EVP_EncodeBlock(text, hash, sizeof hash);
  snprintf(policy, ORIEL_POLICY_MAX, "%s 'sha256-%s'%s", BEFORE, (const char *)text, AFTER);
  return 0;
}
