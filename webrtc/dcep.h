/* SPDX-License-Identifier: MIT
 *
 * Data Channel Establishment Protocol (RFC 8832): the message by which a channel is opened, and its answer. Pure.
 *
 * Thread-safety: stateless.
 */
#ifndef ORIEL_WEBRTC_DCEP_H
#define ORIEL_WEBRTC_DCEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** SCTP's payload protocol identifiers (RFC 8831, section 8). The two of messages in parts are long out of use. */
enum oriel_dcep_kind {
  ORIEL_DCEP_CONTROL = 50,
  ORIEL_DCEP_TEXT = 51,
  ORIEL_DCEP_BINARY = 53,
  ORIEL_DCEP_TEXT_EMPTY = 56, /* of these two the one byte that stands for none means nothing */
  ORIEL_DCEP_BINARY_EMPTY = 57,
};

enum {
  ORIEL_DCEP_MAX = 1024,     /* bytes of a message */
  ORIEL_DCEP_LABEL_MAX = 64, /* of a label that is told from others by all of its bytes */
  ORIEL_DCEP_ACK = 2,        /* the whole of an answer */
};

struct oriel_dcep_open {
  char label[ORIEL_DCEP_LABEL_MAX + 1]; /* cut, and '?' for a byte of zero: not one that anybody uses then */
  bool unordered;                       /* messages may overtake each other */
  bool partly;                          /* messages may be given up */
};

enum oriel_dcep_message { ORIEL_DCEP_MALFORMED, ORIEL_DCEP_OPENS, ORIEL_DCEP_ACKNOWLEDGES };

/** What a message of kind CONTROL is; `open` is written where it opens a channel. */
enum oriel_dcep_message oriel_dcep_parse(const uint8_t *data, size_t size, struct oriel_dcep_open *open);

#endif
