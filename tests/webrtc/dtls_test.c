/* SPDX-License-Identifier: MIT
 *
 * webrtc/dtls: handshakes with OpenSSL's client over a net that loses, doubles and turns around; keys that agree; peers
 * that are not who they say; bounds.
 */
#include "webrtc/dtls.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "tests/webrtc/bytes.h"
#include "tests/webrtc/dtls_client.h"
#include "tests/webrtc/identity.h"

static const char both_profiles[] = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM";

/** Datagrams that a client sent, each of one record. */
struct datagrams {
  struct {
    uint8_t bytes[2048];
    size_t size;
  } list[24];
  unsigned count;
};

struct pair {
  struct dtls_client client;
  struct oriel_dtls *server;
  uint64_t now_ns;
  unsigned read; /* messages that the server read */
  uint8_t message[2048];
  size_t message_size;
};

static void receive(void *user, const uint8_t *data, size_t size) {
  struct pair *pair = user;
  pair->read++;
  memcpy(pair->message, data, size);
  pair->message_size = size;
}

static void make_pair(struct pair *pair, const char *profiles, bool certified, unsigned mtu) {
  memset(pair, 0, sizeof *pair);
  pair->now_ns = 5 * ORIEL_NS_PER_SECOND;
  pair->client = dtls_client_make(profiles, certified, mtu);
  pair->server = oriel_dtls_create(identity, &pair->client.fingerprint, receive, pair, pair->now_ns);
  assert_non_null(pair->server);
}

static void free_pair(struct pair *pair) {
  oriel_dtls_destroy(pair->server);
  dtls_client_free(&pair->client);
}

static int deliver(struct pair *pair, const void *data, size_t size) {
  uint8_t *copy = exact_copy(data, size);
  const int result = oriel_dtls_receive(pair->server, copy, size, pair->now_ns);
  free(copy);
  return result;
}

/** What the client has to send now. */
static struct datagrams collect(struct pair *pair) {
  struct datagrams datagrams = { .count = 0 };
  size_t size;
  while ((size = dtls_client_send(&pair->client, datagrams.list[datagrams.count].bytes)))
    datagrams.list[datagrams.count++].size = size;
  return datagrams;
}

/** Hands what the server sends to the client. How many datagrams that were. */
static unsigned answer(struct pair *pair) {
  uint8_t out[ORIEL_DTLS_MTU];
  unsigned count = 0;
  for (size_t size; (size = oriel_dtls_send(pair->server, out)); count++) {
    assert_true(size <= ORIEL_DTLS_MTU);
    dtls_client_step(&pair->client, out, size);
  }
  return count;
}

/** What the server sends is lost. */
static unsigned lose_answer(struct pair *pair) {
  uint8_t out[ORIEL_DTLS_MTU];
  unsigned count = 0;
  while (oriel_dtls_send(pair->server, out))
    count++;
  return count;
}

/** One flight of the client's, whole and in order. The last result. */
static int flight(struct pair *pair) {
  const struct datagrams datagrams = collect(pair);
  int result = 0;
  for (unsigned i = 0; i < datagrams.count; i++)
    result = deliver(pair, datagrams.list[i].bytes, datagrams.list[i].size);
  return result;
}

static void shake_hands(struct pair *pair) {
  dtls_client_step(&pair->client, NULL, 0);
  for (unsigned i = 0; i < 4 && !SSL_is_init_finished(pair->client.ssl); i++) {
    flight(pair);
    answer(pair);
  }
}

static void assert_connected(const struct pair *pair) {
  assert_string_equal(oriel_dtls_reason(pair->server), "");
  assert_int_equal(oriel_dtls_state(pair->server), ORIEL_DTLS_CONNECTED);
  assert_true(SSL_is_init_finished(pair->client.ssl));
}

/** Both sides have the same keys. */
static void assert_keys(const struct pair *pair, enum oriel_srtp_profile profile) {
  struct oriel_srtp_keys keys;
  uint8_t bytes[60];
  const size_t salt = profile == ORIEL_SRTP_AEAD_AES_128_GCM ? 12 : 14;
  assert_int_equal(oriel_dtls_keys(pair->server, &keys), 0);
  assert_int_equal(keys.profile, profile);
  assert_int_equal(SSL_export_keying_material(pair->client.ssl, bytes, 2 * (16 + salt), "EXTRACTOR-dtls_srtp", 19, NULL,
                                              0, 0), 1);
  assert_memory_equal(keys.client.key, bytes, 16);
  assert_memory_equal(keys.server.key, bytes + 16, 16);
  assert_memory_equal(keys.client.salt, bytes + 32, salt);
  assert_memory_equal(keys.server.salt, bytes + 32 + salt, salt);
}

/* ---- that it works ---- */

static void handshake_gives_keys(void **state) {
  (void)state;
  static const struct {
    const char *offered;
    enum oriel_srtp_profile taken;
  } cases[] = { { both_profiles, ORIEL_SRTP_AEAD_AES_128_GCM },
                { "SRTP_AEAD_AES_128_GCM", ORIEL_SRTP_AEAD_AES_128_GCM },
                { "SRTP_AES128_CM_SHA1_80", ORIEL_SRTP_AES128_CM_SHA1_80 } };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct pair pair;
    struct oriel_srtp_keys keys;
    make_pair(&pair, cases[i].offered, true, 1200);
    assert_int_equal(oriel_dtls_keys(pair.server, &keys), -ENOTCONN);
    shake_hands(&pair);
    assert_connected(&pair);
    assert_keys(&pair, cases[i].taken);
    assert_string_equal(SSL_get_version(pair.client.ssl), "DTLSv1.2");
    assert_true(oriel_dtls_deadline(pair.server) == 0);
    free_pair(&pair);
  }
}

/* What the answer names is what the client sees. */
static void fingerprint_is_the_certificates(void **state) {
  (void)state;
  struct pair pair;
  struct oriel_dtls_fingerprint told;
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned size;
  const char *text = oriel_dtls_identity_fingerprint(identity);
  make_pair(&pair, both_profiles, true, 1200);
  shake_hands(&pair);
  assert_int_equal(oriel_dtls_fingerprint_parse(text, strlen(text), &told), 0);
  X509 *certificate = SSL_get1_peer_certificate(pair.client.ssl);
  assert_non_null(certificate);
  assert_int_equal(X509_digest(certificate, EVP_sha256(), hash, &size), 1);
  X509_free(certificate);
  assert_int_equal(told.size, size);
  assert_memory_equal(told.hash, hash, size);
  free_pair(&pair);
}

static void messages_go_both_ways(void **state) {
  (void)state;
  struct pair pair;
  uint8_t out[ORIEL_DTLS_MTU];
  static const uint8_t large[ORIEL_DTLS_MTU - 64] = "large";
  make_pair(&pair, both_profiles, true, 1200);
  assert_int_equal(oriel_dtls_write(pair.server, large, 5), -ENOTCONN);
  shake_hands(&pair);
  assert_int_equal(SSL_write(pair.client.ssl, "hello", 5), 5);
  flight(&pair);
  assert_int_equal(pair.read, 1);
  assert_int_equal(pair.message_size, 5);
  assert_memory_equal(pair.message, "hello", 5);
  assert_int_equal(oriel_dtls_write(pair.server, large, 0), -EMSGSIZE);
  assert_int_equal(oriel_dtls_write(pair.server, large, sizeof large + 1), -EMSGSIZE);
  assert_int_equal(oriel_dtls_write(pair.server, large, sizeof large), 0);
  const size_t size = oriel_dtls_send(pair.server, out);
  assert_true(size > sizeof large);
  BIO_write(SSL_get_rbio(pair.client.ssl), out, (int)size);
  uint8_t message[2048];
  assert_int_equal(SSL_read(pair.client.ssl, message, sizeof message), sizeof large);
  assert_memory_equal(message, large, sizeof large);
  free_pair(&pair);
}

/* Who writes without sending is told, and the session lives. */
static void unsent_messages_are_bounded(void **state) {
  (void)state;
  struct pair pair;
  static const uint8_t message[1000];
  unsigned written = 0;
  make_pair(&pair, both_profiles, true, 1200);
  shake_hands(&pair);
  int error;
  while (!(error = oriel_dtls_write(pair.server, message, sizeof message)))
    assert_true(++written < 100);
  assert_int_equal(error, -ENOBUFS);
  assert_int_equal(lose_answer(&pair), written);
  assert_int_equal(oriel_dtls_write(pair.server, message, sizeof message), 0);
  assert_int_equal(lose_answer(&pair), 1);
  free_pair(&pair);
}

static void ends_are_told(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  shake_hands(&pair);
  SSL_shutdown(pair.client.ssl);
  assert_int_equal(flight(&pair), 0);
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_CLOSED);
  assert_int_equal(deliver(&pair, "x", 1), -ESHUTDOWN);
  free_pair(&pair);

  make_pair(&pair, both_profiles, true, 1200);
  shake_hands(&pair);
  oriel_dtls_close(pair.server);
  uint8_t out[ORIEL_DTLS_MTU], nothing[16];
  const size_t size = oriel_dtls_send(pair.server, out);
  assert_true(size > 0);
  BIO_write(SSL_get_rbio(pair.client.ssl), out, (int)size);
  assert_int_equal(SSL_read(pair.client.ssl, nothing, sizeof nothing), 0);
  assert_int_equal(SSL_get_shutdown(pair.client.ssl), SSL_RECEIVED_SHUTDOWN);
  oriel_dtls_close(pair.server); /* a second time: nothing */
  assert_int_equal(oriel_dtls_send(pair.server, out), 0);
  free_pair(&pair);
}

/* ---- a bad net ---- */

/* Nobody has anything to send: time goes by until both send again. */
static void wait(struct pair *pair, unsigned round) {
  pair->now_ns += 1100 * ORIEL_NS_PER_MS;
  dtls_client_now_us += UINT64_C(1100000) << round; /* OpenSSL's client begins with a second, and doubles */
  oriel_dtls_tick(pair->server, pair->now_ns);
  DTLSv1_handle_timeout(pair->client.ssl);
}

enum way { REVERSED, FIRST_LAST, ALL_TWICE, WAYS };

static void deliver_badly(struct pair *pair, const struct datagrams *sent, enum way way) {
  for (unsigned i = 0; i < sent->count; i++) {
    const unsigned pick = way == REVERSED ? sent->count - 1 - i : way == FIRST_LAST ? (i + 1) % sent->count : i;
    assert_int_equal(deliver(pair, sent->list[pick].bytes, sent->list[pick].size), 0);
    if (way == ALL_TWICE)
      assert_int_equal(deliver(pair, sent->list[pick].bytes, sent->list[pick].size), 0);
  }
}

/* Chromium's ClientHello comes in two datagrams, Firefox's as well; here in many, in every bad order. */
static void fragments_come_in_any_order(void **state) {
  (void)state;
  for (enum way way = 0; way < WAYS; way++) {
    struct pair pair;
    make_pair(&pair, both_profiles, true, 256);
    dtls_client_step(&pair.client, NULL, 0);
    for (unsigned round = 0; round < 6 && !SSL_is_init_finished(pair.client.ssl); round++) {
      const struct datagrams sent = collect(&pair);
      assert_true(round || sent.count >= 6); /* it is in pieces, indeed */
      deliver_badly(&pair, &sent, way);
      if (!answer(&pair))
        wait(&pair, round);
    }
    assert_connected(&pair);
    assert_keys(&pair, ORIEL_SRTP_AEAD_AES_128_GCM);
    free_pair(&pair);
  }
}

static void hello_of_4_kb_is_taken(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_fatten(pair.client.ssl, 4000);
  dtls_client_step(&pair.client, NULL, 0);
  const struct datagrams hello = collect(&pair);
  assert_true(hello.count >= 4);
  for (unsigned i = 0; i < hello.count; i++)
    assert_int_equal(deliver(&pair, hello.list[i].bytes, hello.list[i].size), 0);
  assert_int_equal(answer(&pair), 1);
  flight(&pair);
  answer(&pair);
  assert_connected(&pair);
  free_pair(&pair);
}

static void lost_flight_is_sent_again(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_step(&pair.client, NULL, 0);
  flight(&pair);
  assert_int_equal(lose_answer(&pair), 1);
  const uint64_t then = pair.now_ns;
  uint64_t interval = ORIEL_DTLS_RETRANSMIT_NS, due = then;
  for (unsigned i = 0; i < 4; i++, interval *= 2) {
    due += interval;
    assert_true(oriel_dtls_deadline(pair.server) == due);
    oriel_dtls_tick(pair.server, due - 1);
    assert_int_equal(lose_answer(&pair), 0);
    oriel_dtls_tick(pair.server, due);
    assert_int_equal(i < 3 ? lose_answer(&pair) : answer(&pair), 1);
  }
  flight(&pair);
  answer(&pair);
  assert_connected(&pair);
  free_pair(&pair);
}

/* The client repeats its last flight when ours, the last of all, was lost: it is answered again, with no timer. */
static void lost_last_flight_is_sent_again(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_step(&pair.client, NULL, 0);
  flight(&pair);
  answer(&pair);
  flight(&pair);
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_CONNECTED);
  assert_true(lose_answer(&pair) > 0);
  assert_false(SSL_is_init_finished(pair.client.ssl));
  dtls_client_now_us += 1100 * 1000; /* OpenSSL's client waits for a second */
  assert_int_equal(DTLSv1_handle_timeout(pair.client.ssl), 1);
  flight(&pair);
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_CONNECTED);
  assert_true(answer(&pair) > 0);
  assert_connected(&pair);
  free_pair(&pair);
}

/* Each record of either side is lost once. */
static void every_single_loss_is_survived(void **state) {
  (void)state;
  for (unsigned lost = 0; lost < 24; lost++) {
    struct pair pair;
    unsigned number = 0;
    make_pair(&pair, both_profiles, true, 400);
    dtls_client_step(&pair.client, NULL, 0);
    for (unsigned round = 0; round < 12 && !SSL_is_init_finished(pair.client.ssl); round++) {
      const struct datagrams sent = collect(&pair);
      uint8_t out[ORIEL_DTLS_MTU];
      for (unsigned i = 0; i < sent.count; i++)
        if (number++ != lost)
          deliver(&pair, sent.list[i].bytes, sent.list[i].size);
      for (size_t size; (size = oriel_dtls_send(pair.server, out));)
        if (number++ != lost)
          dtls_client_step(&pair.client, out, size);
      if (BIO_ctrl_pending(SSL_get_wbio(pair.client.ssl)))
        continue;
      wait(&pair, round);
    }
    assert_connected(&pair);
    free_pair(&pair);
  }
}

static void handshake_ends_after_10_s(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  const uint64_t then = pair.now_ns;
  assert_true(oriel_dtls_deadline(pair.server) == then + ORIEL_DTLS_HANDSHAKE_NS);
  dtls_client_step(&pair.client, NULL, 0);
  flight(&pair);
  unsigned sent = lose_answer(&pair);
  for (uint64_t at; (at = oriel_dtls_deadline(pair.server));) {
    assert_true(at > pair.now_ns);
    pair.now_ns = at;
    oriel_dtls_tick(pair.server, at);
    sent += lose_answer(&pair);
  }
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_FAILED);
  assert_true(pair.now_ns == then + ORIEL_DTLS_HANDSHAKE_NS);
  assert_int_equal(sent, 7); /* at 0, 150, 450, 1050, 2250, 4650 and 9450 ms */
  assert_non_null(strstr(oriel_dtls_reason(pair.server), "10 s"));
  free_pair(&pair);
}

/* ---- peers that are not who they say ---- */

static void other_certificate_is_refused(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  oriel_dtls_destroy(pair.server);
  struct oriel_dtls_fingerprint other = pair.client.fingerprint;
  other.hash[31] ^= 1;
  pair.server = oriel_dtls_create(identity, &other, receive, &pair, pair.now_ns);
  shake_hands(&pair);
  struct oriel_srtp_keys keys;
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_FAILED);
  assert_non_null(strstr(oriel_dtls_reason(pair.server), "a=fingerprint"));
  assert_int_equal(oriel_dtls_keys(pair.server, &keys), -ENOTCONN);
  assert_false(SSL_is_init_finished(pair.client.ssl)); /* it was told, by an alert */
  free_pair(&pair);
}

static void no_certificate_is_refused(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, false, 1200);
  shake_hands(&pair);
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_FAILED);
  assert_non_null(strstr(oriel_dtls_reason(pair.server), "certificate"));
  free_pair(&pair);
}

static void no_srtp_is_refused(void **state) {
  (void)state;
  static const char *const offers[] = { NULL, "SRTP_AES128_CM_SHA1_32", "SRTP_AEAD_AES_256_GCM" };
  for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
    struct pair pair;
    make_pair(&pair, offers[i], true, 1200);
    shake_hands(&pair);
    assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_FAILED);
    assert_non_null(strstr(oriel_dtls_reason(pair.server), "SRTP"));
    free_pair(&pair);
  }
}

static void old_versions_are_refused(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  SSL_set_security_level(pair.client.ssl, 0);
  SSL_set_min_proto_version(pair.client.ssl, DTLS1_VERSION);
  SSL_set_max_proto_version(pair.client.ssl, DTLS1_VERSION);
  shake_hands(&pair);
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_FAILED);
  assert_true(strlen(oriel_dtls_reason(pair.server)) > 0);
  free_pair(&pair);
}

/* ---- floods and lies ---- */

static void noise_changes_nothing(void **state) {
  (void)state;
  struct pair pair;
  uint32_t random = 1;
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_step(&pair.client, NULL, 0);
  const struct datagrams hello = collect(&pair);
  assert_int_equal(deliver(&pair, "", 0), -EBADMSG);
  /* Cut at every byte: a stranger's, to a session of its own each. */
  for (size_t cut = 1; cut < hello.list[0].size; cut++) {
    pair.now_ns += ORIEL_NS_PER_SECOND / 50;
    if (oriel_dtls_state(pair.server) != ORIEL_DTLS_HANDSHAKE)
      break;
    assert_int_equal(deliver(&pair, hello.list[0].bytes, cut), -EBADMSG);
  }
  for (unsigned i = 0; i < 200; i++) {
    uint8_t bytes[300];
    pair.now_ns += ORIEL_NS_PER_SECOND / 50;
    for (size_t at = 0; at < sizeof bytes; at++)
      bytes[at] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    bytes[0] = (uint8_t)(20 + i % 44);
    assert_int_equal(deliver(&pair, bytes, sizeof bytes), -EBADMSG);
  }
  for (unsigned i = 0; i < hello.count; i++)
    assert_int_equal(deliver(&pair, hello.list[i].bytes, hello.list[i].size), 0);
  answer(&pair);
  flight(&pair);
  answer(&pair);
  assert_connected(&pair);
  free_pair(&pair);
}

/* After the handshake, what is not authentic is dropped without a trace. */
static void forgery_does_not_end_a_connection(void **state) {
  (void)state;
  struct pair pair;
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_step(&pair.client, NULL, 0);
  const struct datagrams hello = collect(&pair);
  for (unsigned i = 0; i < hello.count; i++)
    deliver(&pair, hello.list[i].bytes, hello.list[i].size);
  answer(&pair);
  flight(&pair);
  answer(&pair);
  assert_connected(&pair);
  for (unsigned i = 0; i < hello.count; i++) /* a hello again */
    deliver(&pair, hello.list[i].bytes, hello.list[i].size);
  static const uint8_t alert[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40 };
  deliver(&pair, alert, sizeof alert); /* "handshake failure", in the clear */
  SSL_write(pair.client.ssl, "message", 7);
  const struct datagrams sent = collect(&pair);
  assert_int_equal(sent.count, 1);
  for (size_t bit = 0; bit < 8 * sent.list[0].size; bit++) {
    struct datagrams forged = sent;
    forged.list[0].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    deliver(&pair, forged.list[0].bytes, forged.list[0].size);
    lose_answer(&pair);
  }
  assert_int_equal(pair.read, 0);
  deliver(&pair, sent.list[0].bytes, sent.list[0].size);
  deliver(&pair, sent.list[0].bytes, sent.list[0].size); /* replayed */
  assert_int_equal(pair.read, 1);
  assert_connected(&pair);
  free_pair(&pair);
}

static void datagram_flood_is_bounded(void **state) {
  (void)state;
  struct pair pair;
  unsigned busy = 0;
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_step(&pair.client, NULL, 0);
  const struct datagrams hello = collect(&pair);
  for (unsigned i = 0; i < 1000; i++)
    busy += deliver(&pair, hello.list[0].bytes, hello.list[0].size) == -EBUSY;
  assert_true(busy >= 900);
  pair.now_ns += ORIEL_NS_PER_SECOND; /* and a second later all is well */
  for (unsigned i = 0; i < hello.count; i++)
    assert_int_equal(deliver(&pair, hello.list[i].bytes, hello.list[i].size), 0);
  answer(&pair);
  flight(&pair);
  answer(&pair);
  assert_connected(&pair);
  free_pair(&pair);
}

static size_t heap_bytes(void) {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* 200 clients that say hello and no more; then more than there may be, and room again when they are gone. */
static void half_open_handshakes_are_bounded(void **state) {
  (void)state;
  struct pair client;
  struct oriel_dtls *servers[ORIEL_DTLS_HANDSHAKES_MAX + 1];
  make_pair(&client, both_profiles, true, 1200);
  dtls_client_step(&client.client, NULL, 0);
  const struct datagrams hello = collect(&client);
  const size_t before = heap_bytes();
  for (unsigned i = 0; i < ORIEL_DTLS_HANDSHAKES_MAX + 1; i++) {
    servers[i] = oriel_dtls_create(identity, &client.client.fingerprint, NULL, NULL, 1);
    const int error = oriel_dtls_receive(servers[i], hello.list[0].bytes, hello.list[0].size, 1);
    assert_int_equal(error, i < ORIEL_DTLS_HANDSHAKES_MAX ? 0 : -EBUSY);
  }
  /* Under AddressSanitizer the heap's size is not to be had. */
  assert_true(heap_bytes() - before < ORIEL_DTLS_HANDSHAKES_MAX * (size_t)120 * 1024);
  oriel_dtls_tick(servers[0], 1 + ORIEL_DTLS_HANDSHAKE_NS); /* one gives up: there is room */
  assert_int_equal(oriel_dtls_receive(servers[ORIEL_DTLS_HANDSHAKES_MAX], hello.list[0].bytes, hello.list[0].size, 1),
                   0);
  for (unsigned i = 0; i < ORIEL_DTLS_HANDSHAKES_MAX + 1; i++)
    oriel_dtls_destroy(servers[i]);
  shake_hands(&client);
  free_pair(&client);
}

/* A client that claims much, and sends what OpenSSL cannot read yet, which costs a buffer a record. */
static void lies_cost_a_bounded_heap(void **state) {
  (void)state;
  struct pair pair;
  uint8_t early[13 + 40] = { 22, 0xfe, 0xfd, 0, 1, [12] = 40 };
  uint8_t claim[13 + 12 + 1] = { 22, 0xfe, 0xfd, [12] = 13, 11, 0, 0x3f, 0, [23] = 0, 1 };
  make_pair(&pair, both_profiles, true, 1200);
  dtls_client_step(&pair.client, NULL, 0);
  const size_t before = heap_bytes();
  flight(&pair);
  for (unsigned i = 0; i < 2000; i++) {
    pair.now_ns += ORIEL_NS_PER_MS;
    early[10] = (uint8_t)i;
    claim[10] = (uint8_t)(100 + i);
    claim[18] = (uint8_t)(1 + i % 12); /* the message's number */
    deliver(&pair, early, sizeof early);
    deliver(&pair, claim, sizeof claim);
  }
  assert_int_equal(oriel_dtls_state(pair.server), ORIEL_DTLS_HANDSHAKE);
  assert_true(heap_bytes() - before < (size_t)200 * 1024 || heap_bytes() == 0);
  free_pair(&pair);
}

static void sessions_leave_nothing_behind(void **state) {
  (void)state;
  size_t before = 0;
  for (unsigned i = 0; i < 400; i++) {
    struct pair pair;
    make_pair(&pair, both_profiles, true, 1200);
    shake_hands(&pair);
    assert_connected(&pair);
    free_pair(&pair);
    if (i == 199)
      before = heap_bytes();
  }
  assert_true(heap_bytes() < before + 64 * 1024); /* of 200: less than one session's, and the heap's own untidiness */
  oriel_dtls_destroy(NULL);
  oriel_dtls_identity_destroy(NULL);
}

/* ---- fingerprints ---- */

static void fingerprints_are_read(void **state) {
  (void)state;
  static const char thirty_two[] = "00:01:02:03:04:05:06:07:08:09:0A:0b:0C:0D:0E:0F:"
                                   "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:fF";
  struct oriel_dtls_fingerprint read = { .size = 7 };
  char text[256];
  snprintf(text, sizeof text, "SHA-256 %s", thirty_two);
  assert_int_equal(oriel_dtls_fingerprint_parse(text, strlen(text), &read), 0);
  assert_int_equal(read.size, 32);
  assert_int_equal(read.hash[10], 0x0a);
  assert_int_equal(read.hash[31], 0xff);
  snprintf(text, sizeof text, "sha-512 %s:%s", thirty_two, thirty_two);
  assert_int_equal(oriel_dtls_fingerprint_parse(text, strlen(text), &read), 0);
  assert_int_equal(read.size, 64);
}

static void wrong_fingerprints_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int error;
  } wrong[] = {
    { "", -EINVAL },
    { "sha-256", -EINVAL },
    { " 00", -EINVAL },
    { "sha-256 ", -EINVAL },
    { "sha-256 00:01", -EINVAL },
    { "sha-1 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13", -ENOTSUP },
    { "md5 00", -ENOTSUP },
    { "sha-2567 00", -ENOTSUP },
    { "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1",
      -EINVAL },
    { "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1G",
      -EINVAL },
    { "sha-256 00-01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F",
      -EINVAL },
    { "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F:20",
      -EINVAL },
  };
  struct oriel_dtls_fingerprint read = { .size = 7 };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint8_t *copy = exact_copy(wrong[i].text, strlen(wrong[i].text));
    assert_int_equal(oriel_dtls_fingerprint_parse((const char *)copy, strlen(wrong[i].text), &read), wrong[i].error);
    free(copy);
  }
  assert_int_equal(read.size, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(handshake_gives_keys),
    cmocka_unit_test(fingerprint_is_the_certificates),
    cmocka_unit_test(messages_go_both_ways),
    cmocka_unit_test(unsent_messages_are_bounded),
    cmocka_unit_test(ends_are_told),
    cmocka_unit_test(fragments_come_in_any_order),
    cmocka_unit_test(hello_of_4_kb_is_taken),
    cmocka_unit_test(lost_flight_is_sent_again),
    cmocka_unit_test(lost_last_flight_is_sent_again),
    cmocka_unit_test(every_single_loss_is_survived),
    cmocka_unit_test(handshake_ends_after_10_s),
    cmocka_unit_test(other_certificate_is_refused),
    cmocka_unit_test(no_certificate_is_refused),
    cmocka_unit_test(no_srtp_is_refused),
    cmocka_unit_test(old_versions_are_refused),
    cmocka_unit_test(noise_changes_nothing),
    cmocka_unit_test(forgery_does_not_end_a_connection),
    cmocka_unit_test(datagram_flood_is_bounded),
    cmocka_unit_test(half_open_handshakes_are_bounded),
    cmocka_unit_test(lies_cost_a_bounded_heap),
    cmocka_unit_test(sessions_leave_nothing_behind),
    cmocka_unit_test(fingerprints_are_read),
    cmocka_unit_test(wrong_fingerprints_are_refused),
  };
  return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
