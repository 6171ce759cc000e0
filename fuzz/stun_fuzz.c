/* SPDX-License-Identifier: MIT
 *
 * STUN: a packet as it is; and its attributes once more, in a message that ICE finds authentic, so that what judges and
 * answers is reached, too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "webrtc/ice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parsed(const struct oriel_stun_message *message, const uint8_t *data, size_t size) {
  size_t target_size;
  const char *target = oriel_ice_target(message, &target_size);
  if (message->size != size || message->username_size > ORIEL_STUN_USERNAME_MAX ||
      (message->username &&
       (message->username < data || message->username + message->username_size > data + size)) ||
      message->integrity_offset + 24 > size + (message->integrity_offset ? 0 : 24) ||
      (target && target_size >= message->username_size) || (message->controlled && message->controlling))
    abort();
  (void)oriel_stun_authentic(message, "key", 3);
}

/** The input as attributes: type, size, value. What it has of what we write stays out. */
static size_t write_check(const struct oriel_ice *ice, const uint8_t *data, size_t size, uint8_t bytes[1500]) {
  struct oriel_stun_writer writer;
  struct oriel_reader reader;
  char username[300];
  const int length = snprintf(username, sizeof username, "%s:%s", ice->current.ufrag, ice->current.peer_ufrag);
  uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE] = { size > 0 ? data[0] : 0 };
  oriel_stun_begin(&writer, bytes, 1500, ORIEL_STUN_BINDING_REQUEST, transaction);
  oriel_stun_add(&writer, ORIEL_STUN_USERNAME, username, (size_t)length);
  oriel_reader_init(&reader, data, size);
  while (reader.left && oriel_reader_ok(&reader)) {
    const uint16_t type = oriel_read_u16_be(&reader);
    const uint8_t value_size = oriel_read_u8(&reader);
    const uint8_t *value = oriel_read_bytes(&reader, value_size);
    if (value && type != ORIEL_STUN_USERNAME && type != ORIEL_STUN_MESSAGE_INTEGRITY && type != ORIEL_STUN_FINGERPRINT)
      oriel_stun_add(&writer, type, value, value_size);
  }
  return oriel_stun_finish(&writer, ice->current.password, ORIEL_ICE_PASSWORD_SIZE);
}

static void check_answer(const struct oriel_ice *ice, const uint8_t *answer, int size) {
  struct oriel_stun_message message;
  if (size > ORIEL_ICE_ANSWER_MAX ||
      (size > 0 && (oriel_stun_parse(answer, (size_t)size, &message) ||
                    !oriel_stun_authentic(&message, ice->current.password, ORIEL_ICE_PASSWORD_SIZE))))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t bytes[1500], answer[ORIEL_ICE_ANSWER_MAX];
  struct oriel_stun_message message;
  struct oriel_ice ice;
  const int parsed = oriel_stun_parse(data, size, &message);
  if (oriel_stun_read(data, size, &message) == 0)
    check_parsed(&message, data, size);
  else if (parsed == 0)
    abort();
  if (oriel_ice_init(&ice, "peer", 4, 1))
    abort();
  for (uint8_t i = 0; i < 3; i++) {
    const struct oriel_webrtc_path from = {.peer = oriel_webrtc_address_make((const uint8_t[4]){ 10, 0, 0, i }, 4, 1)};
    const size_t written = write_check(&ice, data, size, bytes);
    if (!written || oriel_stun_parse(bytes, written, &message))
      return 0; /* too long, or an attribute of a wrong size */
    check_parsed(&message, bytes, written);
    const int answered = oriel_ice_check(&ice, &message, &from, 2 + i, answer);
    if (answered < 0 || (i == 0) != (answered > 0)) /* the others are copies from elsewhere */
      abort();
    check_answer(&ice, answer, answered);
  }
  return 0;
}
