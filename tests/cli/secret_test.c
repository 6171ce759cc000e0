/* SPDX-License-Identifier: MIT
 *
 * Tokens and certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cli/ready.h"
#include "cli/secret.h"
#include "cli/tls.h"

static char path[64], why[512];

static int make_file(void **state) {
  (void)state;
  strcpy(path, "/tmp/oriel-secret-test.XXXXXX");
  const int fd = mkstemp(path);
  return fd >= 0 ? close(fd) : -1;
}

static int remove_file(void **state) {
  (void)state;
  return unlink(path);
}

static void put(const char *text, size_t size) {
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, size, file), size);
  fclose(file);
}

static void token_random_has_256_bits_and_differs(void **state) {
  (void)state;
  struct oriel_options options = {0};
  char one[ORIEL_TOKEN_SIZE], two[ORIEL_TOKEN_SIZE];
  assert_int_equal(oriel_token_choose(&options, one, why, sizeof why), 0);
  assert_int_equal(oriel_token_choose(&options, two, why, sizeof why), 0);
  assert_int_equal(strlen(one), 43); /* 256 bits in digits of 6 */
  assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
  assert_string_not_equal(one, two);
}

static void token_from_a_file_loses_its_line_end(void **state) {
  (void)state;
  struct oriel_options options = {.token_file = path};
  char token[ORIEL_TOKEN_SIZE];
  put("correct-horse-battery\r\n", 23);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), 0);
  assert_string_equal(token, "correct-horse-battery");
}

static void token_that_cannot_be_is_refused(void **state) {
  (void)state;
  struct oriel_options options = {.token_file = path};
  char token[ORIEL_TOKEN_SIZE] = "untouched", big[5000];
  put("", 0);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "empty"));
  put("two words of a token", 20);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "not printable"));
  put("fifteen-letters", 15);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "too short"));
  put("abc\0def", 7); /* not "abc" */
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "zero byte"));
  assert_string_equal(token, "untouched");
  memset(big, 'a', sizeof big);
  put(big, 513);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "too long"));
  put("sixteen--letters", 16);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), 0);
  put(big, 512);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), 0);
  put(big, sizeof big);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EFBIG);
  options.token_file = "/no/such/file";
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -ENOENT);
  assert_non_null(strstr(why, "/no/such/file"));
  options.token_file = "/tmp";
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EISDIR);
  /* The text of a refused token is in no message. */
  assert_null(strstr(why, "aaaa"));
}

/** A FIFO without a writer must not hold the start. */
static void token_file_that_blocks_does_not(void **state) {
  (void)state;
  struct oriel_options options = {.token_file = path};
  char token[ORIEL_TOKEN_SIZE];
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  alarm(5);
  assert_int_equal(oriel_token_choose(&options, token, why, sizeof why), -EINVAL);
  alarm(0);
}

static void token_is_encoded_for_a_fragment(void **state) {
  (void)state;
  char text[64];
  oriel_token_encode("aZ0-_.~", text, sizeof text);
  assert_string_equal(text, "aZ0-_.~");
  oriel_token_encode("a/b+c=#%", text, sizeof text);
  assert_string_equal(text, "a%2Fb%2Bc%3D%23%25");
}

static X509 *certificate_of(const struct oriel_tls *tls) {
  BIO *bio = BIO_new_mem_buf(tls->cert, -1);
  X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  BIO_free(bio);
  assert_non_null(cert);
  return cert;
}

static void tls_self_signed_names_every_host(void **state) {
  (void)state;
  struct oriel_options options = {.tls_self_signed = true, .listen = "[::1]:8443"};
  struct oriel_tls tls;
  options.allow_hosts.words[0] = (char *)"desk.example:8443";
  options.allow_hosts.words[1] = (char *)"bad name,DNS:evil.example";
  options.allow_hosts.count = 2;
  assert_int_equal(oriel_tls_prepare(&options, &tls, why, sizeof why), 0);
  assert_int_equal(strlen(tls.fingerprint), 95);
  X509 *cert = certificate_of(&tls);
  assert_int_equal(X509_check_host(cert, "localhost", 0, 0, NULL), 1);
  assert_int_equal(X509_check_host(cert, "desk.example", 0, 0, NULL), 1);
  assert_int_equal(X509_check_host(cert, "evil.example", 0, 0, NULL), 0);
  assert_int_equal(X509_check_ip_asc(cert, "::1", 0), 1);
  assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
  int days = 0, seconds = 0;
  assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)), 1);
  assert_in_range(days, 364, 365);
  X509_free(cert);
  oriel_tls_finish(&tls);
  assert_null(tls.key);
}

static void tls_files_must_belong_together(void **state) {
  (void)state;
  struct oriel_options options = {.tls_self_signed = true, .listen = "127.0.0.1:1"};
  struct oriel_tls first, second, loaded;
  assert_int_equal(oriel_tls_prepare(&options, &first, why, sizeof why), 0);
  assert_int_equal(oriel_tls_prepare(&options, &second, why, sizeof why), 0);
  char key_path[80];
  snprintf(key_path, sizeof key_path, "%s.key", path);
  FILE *file = fopen(key_path, "we");
  fputs(first.key, file);
  fclose(file);
  options = (struct oriel_options){.tls_cert = path, .tls_key = key_path};
  put(first.cert, strlen(first.cert));
  assert_int_equal(oriel_tls_prepare(&options, &loaded, why, sizeof why), 0);
  oriel_tls_finish(&loaded);
  put(second.cert, strlen(second.cert));
  assert_int_equal(oriel_tls_prepare(&options, &loaded, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "not the key"));
  put("hello", 5);
  assert_int_equal(oriel_tls_prepare(&options, &loaded, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "no certificate"));
  put(first.cert, strlen(first.cert));
  options.tls_key = path;
  assert_int_equal(oriel_tls_prepare(&options, &loaded, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "no private key"));
  options.tls_key = "/no/such/key";
  assert_int_equal(oriel_tls_prepare(&options, &loaded, why, sizeof why), -ENOENT);
  unlink(key_path);
  oriel_tls_finish(&first);
  oriel_tls_finish(&second);
}

static void ready_names_a_host_that_can_be_opened(void **state) {
  (void)state;
  char host[64];
  struct oriel_options options = {.listen = "127.0.0.1:8080"};
  oriel_ready_host(&options, host, sizeof host);
  assert_string_equal(host, "127.0.0.1");
  options.listen = "[::1]:8080";
  oriel_ready_host(&options, host, sizeof host);
  assert_string_equal(host, "[::1]");
  options.listen = "[0:0:0:0:0:0:0:1]:8080";
  oriel_ready_host(&options, host, sizeof host);
  assert_string_equal(host, "[::1]");
  options.listen = "[::ffff:127.0.0.1]:8080"; /* its own spelling is none that the server knows as Host */
  oriel_ready_host(&options, host, sizeof host);
  assert_string_equal(host, "127.0.0.1");
  options.listen = "0.0.0.0:8080";
  oriel_ready_host(&options, host, sizeof host);
  assert_string_not_equal(host, "0.0.0.0");
  options.allow_hosts.words[0] = (char *)"desk.example";
  options.allow_hosts.count = 1;
  oriel_ready_host(&options, host, sizeof host);
  assert_string_equal(host, "desk.example");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(token_random_has_256_bits_and_differs),
    cmocka_unit_test_setup_teardown(token_from_a_file_loses_its_line_end, make_file, remove_file),
    cmocka_unit_test_setup_teardown(token_that_cannot_be_is_refused, make_file, remove_file),
    cmocka_unit_test_setup_teardown(token_file_that_blocks_does_not, make_file, remove_file),
    cmocka_unit_test(token_is_encoded_for_a_fragment),
    cmocka_unit_test(tls_self_signed_names_every_host),
    cmocka_unit_test_setup_teardown(tls_files_must_belong_together, make_file, remove_file),
    cmocka_unit_test(ready_names_a_host_that_can_be_opened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
