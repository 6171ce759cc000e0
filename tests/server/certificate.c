/* SPDX-License-Identifier: MIT
 *
 * A certificate for tests.
 */
#include "certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static void copy_pem(BIO *memory, char *text, size_t size) {
  int count = BIO_read(memory, text, (int)size - 1);
  assert_true(count > 0);
  text[count] = '\0';
  BIO_free(memory);
}

void certificate_make(char certificate[CERTIFICATE_MAX], char private_key[CERTIFICATE_MAX]) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x509 = X509_new();
  assert_non_null(key);
  assert_non_null(x509);
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
                             -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
  BIO *memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, x509);
  copy_pem(memory, certificate, CERTIFICATE_MAX);
  memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
  copy_pem(memory, private_key, CERTIFICATE_MAX);
  X509_free(x509);
  EVP_PKEY_free(key);
}
