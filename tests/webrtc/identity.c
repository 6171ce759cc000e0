/* SPDX-License-Identifier: MIT
 *
 * See identity.h.
 */
#include "identity.h"

struct oriel_dtls_identity *identity;

int identity_set_up(void **state) {
  (void)state;
  return oriel_dtls_identity_create(&identity);
}

int identity_tear_down(void **state) {
  (void)state;
  oriel_dtls_identity_destroy(identity);
  identity = NULL;
  return 0;
}
