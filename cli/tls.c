/* SPDX-License-Identifier: MIT
 *
 * Certificates by OpenSSL's X509 part; the handshake itself is libmicrohttpd's business. Main thread, at start.
 */
#include "cli/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "cli/secret.h"

enum { PEM_LIMIT = 256 * 1024, VALID_SECONDS = 365 * 86400, CLOCK_SLACK_SECONDS = 3600, NAMES_SIZE = 8192 };

/** Checks that key and certificate belong together. */
static int check_pair(const struct oriel_options *options, const struct oriel_tls *tls, char *why, size_t why_size) {
  BIO *cert_bio = BIO_new_mem_buf(tls->cert, -1), *key_bio = BIO_new_mem_buf(tls->key, -1);
  X509 *cert = cert_bio != NULL ? PEM_read_bio_X509(cert_bio, NULL, NULL, NULL) : NULL;
  EVP_PKEY *key = key_bio != NULL ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, (void *)"") : NULL;
  int result = -EINVAL;
  if (cert == NULL)
    snprintf(why, why_size, "%.200s holds no certificate in PEM form: give the file that begins with BEGIN CERTIFICATE",
             options->tls_cert);
  else if (key == NULL)
    snprintf(why, why_size,
             "%.200s holds no private key in PEM form without a password: give the file that begins with BEGIN "
             "PRIVATE KEY",
             options->tls_key);
  else if (X509_check_private_key(cert, key) != 1)
    snprintf(why, why_size, "%.200s is not the key of the certificate in %.200s: give the pair", options->tls_key,
             options->tls_cert);
  else
    result = 0;
  EVP_PKEY_free(key);
  X509_free(cert);
  BIO_free(key_bio);
  BIO_free(cert_bio);
  return result;
}

static int read_pair(const struct oriel_options *options, struct oriel_tls *tls, char *why, size_t why_size) {
  int result = oriel_file_read("certificate", options->tls_cert, PEM_LIMIT, false, &tls->cert, why, why_size);
  if (result == 0)
    result = oriel_file_read("private key", options->tls_key, PEM_LIMIT, true, &tls->key, why, why_size);
  return result == 0 ? check_pair(options, tls, why, why_size) : result;
}

/** Adds ",DNS:name" or ",IP:address". Names with anything else than a host name's characters are left out: they could
 *  carry further entries. */
static void add_name(char *names, const char *name) {
  char host[256];
  size_t length = strlen(name);
  if (name[0] == '[' && strchr(name, ']') != NULL) {
    length = strcspn(++name, "]");
  } else if (strchr(name, ':') != NULL && strchr(name, ':') == strrchr(name, ':'))
    length = strcspn(name, ":");
  if (length == 0 || length >= sizeof host ||
      strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:") < length)
    return;
  memcpy(host, name, length);
  host[length] = '\0';
  struct in6_addr address;
  const bool ip = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
  if (!ip && strchr(host, ':') != NULL)
    return;
  const size_t used = strlen(names);
  snprintf(names + used, NAMES_SIZE - used, "%s%s:%s", used > 0 ? "," : "", ip ? "IP" : "DNS", host);
}

static bool add_extension(X509 *cert, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  const bool added = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

static bool fill_certificate(X509 *cert, EVP_PKEY *key, const struct oriel_options *options) {
  static char names[NAMES_SIZE];
  names[0] = '\0';
  add_name(names, "localhost");
  add_name(names, options->listen);
  if (strstr(names, "127.0.0.1") == NULL)
    add_name(names, "127.0.0.1");
  for (size_t i = 0; i < options->allow_hosts.count; i++)
    add_name(names, options->allow_hosts.words[i]);
  uint8_t serial[8];
  if (RAND_bytes(serial, sizeof serial) != 1)
    return false;
  serial[0] &= 0x7F;
  BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
  const bool numbered = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
  BN_free(number);
  X509_NAME *subject = X509_get_subject_name(cert);
  return numbered && X509_set_version(cert, X509_VERSION_3) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SLACK_SECONDS) != NULL &&
         X509_gmtime_adj(X509_getm_notAfter(cert), VALID_SECONDS) != NULL && X509_set_pubkey(cert, key) == 1 &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"Oriel", -1, -1, 0) == 1 &&
         X509_set_issuer_name(cert, subject) == 1 && add_extension(cert, NID_subject_alt_name, names) &&
         add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
         add_extension(cert, NID_ext_key_usage, "serverAuth") && X509_sign(cert, key, EVP_sha256()) > 0;
}

/** The bytes of a memory BIO as a new string. */
static char *take_text(BIO *bio) {
  char *data = NULL;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? strndup(data, (size_t)size) : NULL;
}

static void write_fingerprint(const X509 *cert, char *text, size_t size) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  text[0] = '\0';
  if (X509_digest(cert, EVP_sha256(), digest, &length) != 1)
    return;
  for (unsigned i = 0; i < length && i * 3 + 3 <= size; i++)
    snprintf(text + i * 3, size - i * 3, "%02X%s", digest[i], i + 1 < length ? ":" : "");
}

static int make_pair(const struct oriel_options *options, struct oriel_tls *tls, char *why, size_t why_size) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_secmem());
  if (key != NULL && cert != NULL && cert_bio != NULL && key_bio != NULL && fill_certificate(cert, key, options) &&
      PEM_write_bio_X509(cert_bio, cert) == 1 &&
      PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
    tls->cert = take_text(cert_bio);
    tls->key = take_text(key_bio);
    write_fingerprint(cert, tls->fingerprint, sizeof tls->fingerprint);
  }
  BIO_free(key_bio);
  BIO_free(cert_bio);
  X509_free(cert);
  EVP_PKEY_free(key);
  if (tls->cert != NULL && tls->key != NULL)
    return 0;
  snprintf(why, why_size, "cannot make a self-signed certificate: OpenSSL refused; give --tls-cert and --tls-key");
  return -EIO;
}

int oriel_tls_prepare(const struct oriel_options *options, struct oriel_tls *tls, char *why, size_t why_size) {
  *tls = (struct oriel_tls){0};
  int result = 0;
  if (options->tls_cert != NULL)
    result = read_pair(options, tls, why, why_size);
  else if (options->tls_self_signed)
    result = make_pair(options, tls, why, why_size);
  if (result < 0)
    oriel_tls_finish(tls);
  return result;
}

void oriel_tls_finish(struct oriel_tls *tls) {
  if (tls->key != NULL)
    explicit_bzero(tls->key, strlen(tls->key));
  free(tls->key);
  free(tls->cert);
  *tls = (struct oriel_tls){0};
}
