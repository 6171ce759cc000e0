/* SPDX-License-Identifier: MIT
 *
 * The handshake with ourselves: passes with what clients can use, and says why with what they cannot.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "certificate.h"
#include "server/tls.h"
#include "server/tls_rehearsal.h"

static SSL_CTX *make(void) {
  char certificate[CERTIFICATE_MAX], key[CERTIFICATE_MAX], why[256];
  SSL_CTX *context = NULL;
  certificate_make(certificate, key);
  assert_int_equal(oriel_tls_context(certificate, key, &context, why, sizeof why), 0);
  return context;
}

static void passes_with_each_version(void **state) {
  char why[128] = "";
  (void)state;
  SSL_CTX *context = make();
  assert_int_equal(oriel_tls_rehearse(context, why, sizeof why), 0);
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  assert_int_equal(oriel_tls_rehearse(context, why, sizeof why), 0);
  assert_string_equal(why, "");
  SSL_CTX_free(context);
}

/** As a server is that got no memory for the only algorithms that its key works with. */
static void tells_why_nobody_could_connect(void **state) {
  char why[128] = "";
  (void)state;
  SSL_CTX *context = make();
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  assert_int_equal(SSL_CTX_set_cipher_list(context, "PSK-AES128-GCM-SHA256"), 1);
  assert_int_equal(oriel_tls_rehearse(context, why, sizeof why), -EPROTO);
  assert_non_null(strstr(why, "no shared cipher"));
  assert_int_equal(ERR_peek_error(), 0); /* nothing stays for whoever asks next */
  SSL_CTX_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(passes_with_each_version),
    cmocka_unit_test(tells_why_nobody_could_connect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
