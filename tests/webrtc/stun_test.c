/* SPDX-License-Identifier: MIT
 *
 * webrtc/stun: the vectors of RFC 5769, and messages that are wrong in one thing.
 */
#include "webrtc/stun.h"

#include <errno.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/webrtc/bytes.h"
#include "webrtc/address.h"

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const char request[] =
  "00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
  "80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74"
  "00 24 00 04 6e 00 01 ff 80 29 00 08 93 2f f9 b1 51 26 3b 36"
  "00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20"
  "00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2"
  "80 28 00 04 e5 7a 3b cf";

static int parse(const uint8_t *bytes, size_t size, struct oriel_stun_message *message) {
  uint8_t *copy = exact_copy(bytes, size);
  const int error = oriel_stun_parse(copy, size, message);
  free(copy); /* only values of the message are looked at behind this */
  return error;
}

/* RFC 5769 section 2.1. */
static void request_vector(void **state) {
  (void)state;
  uint8_t bytes[128];
  struct oriel_stun_message message;
  const size_t size = from_hex(request, bytes);
  assert_int_equal(size, 108);
  assert_int_equal(oriel_stun_parse(bytes, size, &message), 0);
  assert_int_equal(message.type, ORIEL_STUN_BINDING_REQUEST);
  assert_int_equal(message.username_size, 9);
  assert_memory_equal(message.username, "evtj:h6vY", 9);
  assert_memory_equal(message.transaction, bytes + 8, 12);
  assert_int_equal(message.priority, 0x6e0001ff);
  assert_true(message.controlled);
  assert_false(message.controlling);
  assert_false(message.use_candidate);
  assert_true(message.fingerprint);
  assert_int_equal(message.unknown_count, 0);
  assert_true(oriel_stun_authentic(&message, password, strlen(password)));
  assert_false(oriel_stun_authentic(&message, password, strlen(password) - 1));
  assert_false(oriel_stun_authentic(&message, "", 0));
}

/* RFC 5769 sections 2.2 and 2.3: read, and their addresses written; the vectors pad with blanks, we with zeros. */
static void response_vectors(void **state) {
  (void)state;
  static const uint8_t v4[] = { 192, 0, 2, 1 };
  static const uint8_t v6[] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
                                0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };
  static const struct {
    const char *text;
    const uint8_t *address;
    size_t address_size, at;
  } vectors[] = {
    { "01 01 00 3c 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
      "80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20 00 20 00 08 00 01 a1 47 e1 12 a6 43"
      "00 08 00 14 2b 91 f5 99 fd 9e 90 c3 8c 74 89 f9 2a f9 ba 53 f0 6b e7 d7 80 28 00 04 c0 7d 4c 96",
      v4, sizeof v4, 36 },
    { "01 01 00 48 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
      "80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20"
      "00 20 00 14 00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9"
      "00 08 00 14 a3 82 95 4e 4b e6 7b f1 17 84 c9 7c 82 92 c2 75 bf e3 ed 41 80 28 00 04 c8 fb 0b 4c",
      v6, sizeof v6, 36 },
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    uint8_t bytes[128], written[128];
    struct oriel_stun_message message;
    struct oriel_stun_writer writer;
    const size_t size = from_hex(vectors[i].text, bytes);
    assert_int_equal(oriel_stun_parse(bytes, size, &message), 0);
    assert_int_equal(message.type, ORIEL_STUN_BINDING_SUCCESS);
    assert_true(oriel_stun_authentic(&message, password, strlen(password)));
    const struct oriel_webrtc_address address =
      oriel_webrtc_address_make(vectors[i].address, vectors[i].address_size, 32853);
    oriel_stun_begin(&writer, written, sizeof written, message.type, message.transaction);
    oriel_stun_add_address(&writer, &address);
    assert_int_equal(oriel_stun_finish(&writer, password, strlen(password)), size - 16);
    assert_memory_equal(written + 20, bytes + vectors[i].at, 8 + vectors[i].address_size);
  }
}

/* RFC 5769 section 2.4: the key is a hash, and there is no FINGERPRINT. */
static void long_term_vector(void **state) {
  (void)state;
  static const char secret[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"
                               ":example.org:TheMatrIX";
  uint8_t bytes[128], key[EVP_MAX_MD_SIZE];
  unsigned key_size;
  struct oriel_stun_message message;
  const size_t size =
    from_hex("00 01 00 60 21 12 a4 42 78 ad 34 33 c6 ad 72 c0 29 da 41 2e"
             "00 06 00 12 e3 83 9e e3 83 88 e3 83 aa e3 83 83 e3 82 af e3 82 b9 00 00"
             "00 15 00 1c 66 2f 2f 34 39 39 6b 39 35 34 64 36 4f 4c 33 34 6f 4c 39 46 53 54 76 79 36 34 73 41"
             "00 14 00 0b 65 78 61 6d 70 6c 65 2e 6f 72 67 00"
             "00 08 00 14 f6 70 24 65 6d d6 4a 3e 02 b8 e0 71 2e 85 c9 a2 8c a8 96 66",
             bytes);
  assert_int_equal(EVP_Digest(secret, strlen(secret), key, &key_size, EVP_md5(), NULL), 1);
  assert_int_equal(oriel_stun_parse(bytes, size, &message), 0);
  assert_false(message.fingerprint);
  assert_int_equal(message.unknown_count, 0);
  assert_true(oriel_stun_authentic(&message, key, key_size));
}

static void every_cut_and_every_bit_is_noticed(void **state) {
  (void)state;
  uint8_t bytes[128];
  struct oriel_stun_message message = { .priority = 7 };
  const size_t size = from_hex(request, bytes);
  for (size_t cut = 0; cut < size; cut++)
    assert_int_equal(parse(bytes, cut, &message), -EBADMSG);
  for (size_t bit = 0; bit < 8 * size; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    struct oriel_stun_message changed;
    /* The sum of 32 bits finds each; what is behind its type alone would be another attribute's. */
    if (oriel_stun_parse(bytes, size, &changed) == 0)
      assert_true(!changed.fingerprint || !oriel_stun_authentic(&changed, password, strlen(password)));
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  assert_int_equal(message.priority, 7);
}

/* A sum that is wrong says nothing before somebody is there to look at it. */
static void reading_does_not_sum_up(void **state) {
  (void)state;
  uint8_t bytes[128];
  struct oriel_stun_message message;
  const size_t size = from_hex(request, bytes);
  bytes[size - 1] ^= 1;
  assert_int_equal(oriel_stun_parse(bytes, size, &message), -EBADMSG);
  assert_int_equal(oriel_stun_read(bytes, size, &message), 0);
  assert_true(message.fingerprint);
  assert_memory_equal(message.username, "evtj:h6vY", 9);
  assert_int_equal(oriel_stun_read(bytes, size - 4, &message), -EBADMSG);
}

static const uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE] = "transaction";

/** A request in the making; `finish` parses it. */
struct draft {
  uint8_t bytes[4096];
  struct oriel_stun_writer writer;
  struct oriel_stun_message message;
};

static void begin(struct draft *draft) {
  oriel_stun_begin(&draft->writer, draft->bytes, sizeof draft->bytes, ORIEL_STUN_BINDING_REQUEST, transaction);
}

static int finish(struct draft *draft) {
  const size_t size = oriel_stun_finish(&draft->writer, "key", 3);
  assert_true(size > 0);
  return oriel_stun_parse(draft->bytes, size, &draft->message);
}

static void wrong_attributes_are_refused(void **state) {
  (void)state;
  static const struct {
    uint16_t type;
    size_t size;
  } wrong[] = {
    { ORIEL_STUN_USERNAME, ORIEL_STUN_USERNAME_MAX + 1 },
    { ORIEL_STUN_PRIORITY, 3 },
    { ORIEL_STUN_PRIORITY, 8 },
    { ORIEL_STUN_USE_CANDIDATE, 1 },
    { ORIEL_STUN_ICE_CONTROLLED, 4 },
    { ORIEL_STUN_ICE_CONTROLLING, 0 },
    { ORIEL_STUN_MESSAGE_INTEGRITY, 16 },
    { ORIEL_STUN_MESSAGE_INTEGRITY, 24 },
    { ORIEL_STUN_FINGERPRINT, 4 }, /* not the right one, and not the last */
    { ORIEL_STUN_FINGERPRINT, 0 },
  };
  static const uint8_t value[ORIEL_STUN_USERNAME_MAX + 1];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct draft draft;
    begin(&draft);
    oriel_stun_add(&draft.writer, wrong[i].type, value, wrong[i].size);
    assert_int_equal(finish(&draft), -EBADMSG);
  }
}

static void contradictions_are_refused(void **state) {
  (void)state;
  struct draft draft;
  static const uint8_t value[8];
  begin(&draft);
  oriel_stun_add(&draft.writer, ORIEL_STUN_USERNAME, "a:b", 3);
  oriel_stun_add(&draft.writer, ORIEL_STUN_USERNAME, "a:b", 3);
  assert_int_equal(finish(&draft), -EBADMSG);
  begin(&draft);
  oriel_stun_add(&draft.writer, ORIEL_STUN_ICE_CONTROLLED, value, 8);
  oriel_stun_add(&draft.writer, ORIEL_STUN_ICE_CONTROLLING, value, 8);
  assert_int_equal(finish(&draft), -EBADMSG);
}

static void too_many_attributes_are_refused(void **state) {
  (void)state;
  struct draft draft;
  for (unsigned count = ORIEL_STUN_ATTRIBUTES_MAX - 2; count < ORIEL_STUN_ATTRIBUTES_MAX + 1; count++) {
    begin(&draft);
    for (unsigned i = 0; i < count; i++)
      oriel_stun_add(&draft.writer, 0xc057, "1234", 4);
    assert_int_equal(finish(&draft), count <= ORIEL_STUN_ATTRIBUTES_MAX - 2 ? 0 : -EBADMSG);
  }
}

static void unknown_attributes_are_named_when_they_matter(void **state) {
  (void)state;
  struct draft draft;
  begin(&draft);
  oriel_stun_add(&draft.writer, 0xc057, "1234", 4); /* Chromium's network information */
  for (uint16_t i = 0; i < 10; i++)
    oriel_stun_add(&draft.writer, (uint16_t)(0x7f00 + i), NULL, 0);
  assert_int_equal(finish(&draft), 0);
  assert_int_equal(draft.message.unknown_count, 10);
  assert_int_equal(draft.message.unknown[0], 0x7f00);
  assert_int_equal(draft.message.unknown[ORIEL_STUN_UNKNOWN_MAX - 1], 0x7f07);
}

/* Whoever can add to a message behind its proof must not say anything with it. */
static void nothing_behind_the_integrity_is_believed(void **state) {
  (void)state;
  struct draft draft;
  begin(&draft);
  oriel_stun_add(&draft.writer, ORIEL_STUN_USERNAME, "a:b", 3);
  size_t size = oriel_stun_finish(&draft.writer, "key", 3) - 8;
  struct oriel_stun_writer more = draft.writer;
  more.bytes.next = draft.bytes + size;
  more.bytes.left = sizeof draft.bytes - size;
  more.bytes.written = size;
  oriel_stun_add(&more, ORIEL_STUN_USE_CANDIDATE, NULL, 0);
  oriel_stun_add_u32(&more, ORIEL_STUN_PRIORITY, 5);
  oriel_stun_add(&more, 0x7f00, NULL, 0);
  size = oriel_stun_finish(&more, NULL, 0);
  assert_int_equal(oriel_stun_parse(draft.bytes, size, &draft.message), 0);
  assert_true(oriel_stun_authentic(&draft.message, "key", 3));
  assert_false(draft.message.use_candidate);
  assert_int_equal(draft.message.priority, 0);
  assert_int_equal(draft.message.unknown_count, 0);
}

static void without_integrity_nothing_is_authentic(void **state) {
  (void)state;
  struct draft draft;
  begin(&draft);
  const size_t size = oriel_stun_finish(&draft.writer, NULL, 0);
  assert_int_equal(size, 20 + 8);
  assert_int_equal(oriel_stun_parse(draft.bytes, size, &draft.message), 0);
  assert_false(oriel_stun_authentic(&draft.message, "", 0));
}

static void errors_are_written(void **state) {
  (void)state;
  uint8_t bytes[64];
  struct oriel_stun_writer writer;
  oriel_stun_begin(&writer, bytes, sizeof bytes, ORIEL_STUN_BINDING_ERROR, transaction);
  oriel_stun_add_error(&writer, 487, "Role Conflict");
  assert_int_equal(oriel_stun_finish(&writer, NULL, 0), 20 + 4 + 20 + 8);
  assert_memory_equal(bytes + 20, "\0\x09\0\x11\0\0\x04\x57Role Conflict\0\0\0", 24);
}

static void short_room_yields_nothing(void **state) {
  (void)state;
  const struct oriel_webrtc_address address = oriel_webrtc_address_make((const uint8_t[4]){ 1, 2, 3, 4 }, 4, 5);
  for (size_t room = 0; room <= 64; room++) {
    uint8_t *bytes = malloc(room ? room : 1);
    struct oriel_stun_writer writer;
    oriel_stun_begin(&writer, bytes, room, ORIEL_STUN_BINDING_SUCCESS, transaction);
    oriel_stun_add_address(&writer, &address);
    assert_int_equal(oriel_stun_finish(&writer, "key", 3), room < 64 ? 0 : 64);
    free(bytes);
  }
}

static void long_messages_are_refused(void **state) {
  (void)state;
  static uint8_t bytes[640 + 4];
  struct oriel_stun_message message;
  from_hex("00 01 02 70 21 12 a4 42", bytes); /* 624 bytes and the header */
  from_hex("c0 57 02 5c", bytes + 20);
  assert_int_equal(oriel_stun_parse(bytes, 640, &message), -EBADMSG); /* lengths do not add up */
  from_hex("02 6c", bytes + 2);
  from_hex("02 68", bytes + 22);
  assert_int_equal(oriel_stun_parse(bytes, 640, &message), 0);
  from_hex("02 70", bytes + 2);
  from_hex("02 6c", bytes + 22);
  assert_int_equal(oriel_stun_parse(bytes, 644, &message), -EBADMSG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(request_vector),
    cmocka_unit_test(response_vectors),
    cmocka_unit_test(long_term_vector),
    cmocka_unit_test(every_cut_and_every_bit_is_noticed),
    cmocka_unit_test(reading_does_not_sum_up),
    cmocka_unit_test(wrong_attributes_are_refused),
    cmocka_unit_test(contradictions_are_refused),
    cmocka_unit_test(too_many_attributes_are_refused),
    cmocka_unit_test(unknown_attributes_are_named_when_they_matter),
    cmocka_unit_test(nothing_behind_the_integrity_is_believed),
    cmocka_unit_test(without_integrity_nothing_is_authentic),
    cmocka_unit_test(errors_are_written),
    cmocka_unit_test(short_room_yields_nothing),
    cmocka_unit_test(long_messages_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
