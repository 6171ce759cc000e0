/* SPDX-License-Identifier: MIT
 *
 * What a page does: encodes a viewer's message. Written from the protocol's description, apart from the parser, so that
 * tests and fuzzing can demand that parsing and encoding are each other's inverse. No state; any thread.
 */
#ifndef ORIEL_TESTS_WIRE_VIEWER_ENCODE_H
#define ORIEL_TESTS_WIRE_VIEWER_ENCODE_H

#include <string.h>

#include "wire/viewer.h"

enum { VIEWER_ENCODE_MAX = 16 + ORIEL_VIEWER_PIECE_MAX };

static inline size_t encode_number(uint8_t *data, size_t at, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++)
    data[at + i] = (uint8_t)(value >> (8 * i));
  return at + bytes;
}

/* Into at least VIEWER_ENCODE_MAX bytes; returns the message's size, 0 for a type that viewers do not send. */
static inline size_t viewer_encode(const struct oriel_viewer_in *in, uint8_t *data) {
  size_t at = encode_number(data, 0, (uint64_t)in->type, 4);
#define PUT(value, bytes) at = encode_number(data, at, (uint64_t)(value), bytes)
  switch (in->type) {
  case ORIEL_VIEWER_AUTHENTICATE:
    memcpy(data + at, in->authenticate.secret, ORIEL_VIEWER_SECRET_SIZE);
    return at + ORIEL_VIEWER_SECRET_SIZE;
  case ORIEL_VIEWER_LOGIN:
    PUT(in->login.size, 2);
    memcpy(data + at, in->login.token, in->login.size);
    return at + in->login.size;
  case ORIEL_VIEWER_VIEWER_HELLO:
    PUT(in->hello.version, 2), PUT(in->hello.role, 1), PUT(0, 1), PUT(in->hello.capabilities, 4);
    PUT(in->hello.width, 2), PUT(in->hello.height, 2);
    return at;
  case ORIEL_VIEWER_ACK:
    PUT(in->ack.received, 4), PUT(in->ack.decoded, 4), PUT(in->ack.painted, 4);
    PUT(in->ack.received_us, 8), PUT(in->ack.decoded_us, 8), PUT(in->ack.painted_us, 8);
    return at;
  case ORIEL_VIEWER_KEY:
    PUT(in->key.usage, 2), PUT(in->key.pressed, 1);
    return at;
  case ORIEL_VIEWER_POINTER:
    PUT(in->pointer.x, 2), PUT(in->pointer.y, 2);
    return at;
  case ORIEL_VIEWER_MOTION:
    PUT(in->motion.dx, 2), PUT(in->motion.dy, 2);
    return at;
  case ORIEL_VIEWER_BUTTON:
    PUT(in->button.button, 1), PUT(in->button.pressed, 1);
    return at;
  case ORIEL_VIEWER_WHEEL:
    PUT(in->wheel.dx, 2), PUT(in->wheel.dy, 2);
    return at;
  case ORIEL_VIEWER_TOUCH:
    PUT(in->touch.phase, 1), PUT(in->touch.id, 1), PUT(in->touch.x, 2), PUT(in->touch.y, 2);
    return at;
  case ORIEL_VIEWER_RELEASE_ALL:
    return at;
  case ORIEL_VIEWER_RESIZE:
    PUT(in->resize.width, 2), PUT(in->resize.height, 2);
    return at;
  case ORIEL_VIEWER_KEY_FRAME:
    PUT(in->key_frame.reason, 1);
    return at;
  case ORIEL_VIEWER_WANT:
    PUT(in->want.pictures, 1), PUT(in->want.sound, 1);
    return at;
  case ORIEL_VIEWER_CONTROL:
    PUT(in->control.wanted, 1);
    return at;
  case ORIEL_VIEWER_MICROPHONE:
    PUT(in->microphone.sequence, 4), PUT(in->microphone.us, 8);
    if (in->microphone.size)
      memcpy(data + at, in->microphone.opus, in->microphone.size);
    return at + in->microphone.size;
  case ORIEL_VIEWER_TYPE:
    PUT(in->type_text.number, 4);
    for (unsigned i = 0; i < in->type_text.count; i++) {
      PUT(in->type_text.strokes[i].usage, 2);
      PUT(in->type_text.strokes[i].pressed, 1);
    }
    return at;
  case ORIEL_VIEWER_LOCKS:
    PUT(in->locks.known, 1), PUT(in->locks.on, 1);
    return at;
  case ORIEL_VIEWER_PICTURE_WAY:
    PUT(in->picture_way.way, 1);
    return at;
  case ORIEL_VIEWER_NAME: {
    const size_t size = strlen(in->name.text);
    PUT(size, 2);
    memcpy(data + at, in->name.text, size);
    return at + size;
  }
  case ORIEL_VIEWER_CONTROL_ANSWER:
    PUT(in->control_answer.asker, 4), PUT(in->control_answer.granted, 1);
    return at;
  case ORIEL_VIEWER_CLIPBOARD:
    PUT(in->clipboard.number, 4), PUT(in->clipboard.size, 4), PUT(in->clipboard.offset, 4);
    memcpy(data + at, in->clipboard.bytes, in->clipboard.count);
    return at + in->clipboard.count;
  case ORIEL_VIEWER_PING:
    PUT(in->ping.us, 8);
    return at;
  case ORIEL_VIEWER_PONG:
    PUT(in->pong.ping_us, 8), PUT(in->pong.us, 8);
    return at;
  case ORIEL_VIEWER_BYE: {
    const size_t size = strlen(in->bye.text);
    PUT(in->bye.reason, 2), PUT(size, 2);
    memcpy(data + at, in->bye.text, size);
    return at + size;
  }
  default:
    return 0;
  }
#undef PUT
}

#endif
