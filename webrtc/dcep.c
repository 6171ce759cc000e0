/* SPDX-License-Identifier: MIT
 *
 * The parser of DCEP. Pure.
 */
#include "webrtc/dcep.h"

#include "core/bytes.h"

enum { MESSAGE_OPEN = 3 };
enum { TYPE_UNORDERED = 0x80, TYPE_LAST = 2 }; /* reliable, resent so many times, resent for so long */

static void copy_label(char *copy, const uint8_t *label, size_t size) {
  const bool fits = size <= ORIEL_DCEP_LABEL_MAX;
  if (!fits)
    size = ORIEL_DCEP_LABEL_MAX;
  for (size_t i = 0; i < size; i++)
    copy[i] = label[i] ? (char)label[i] : '?';
  if (!fits)
    copy[size - 1] = '?';
  copy[size] = '\0';
}

static enum oriel_dcep_message parse_open(struct oriel_reader *reader, struct oriel_dcep_open *open) {
  const unsigned type = oriel_read_u8(reader);
  (void)oriel_read_u16_be(reader); /* priority */
  (void)oriel_read_u32_be(reader); /* how reliable */
  const size_t label_size = oriel_read_u16_be(reader), protocol_size = oriel_read_u16_be(reader);
  const uint8_t *label = oriel_read_bytes(reader, label_size);
  (void)oriel_read_bytes(reader, protocol_size);
  if (!oriel_reader_done(reader) || (type & ~(unsigned)TYPE_UNORDERED) > TYPE_LAST)
    return ORIEL_DCEP_MALFORMED;
  *open = (struct oriel_dcep_open){.unordered = type & TYPE_UNORDERED, .partly = type & ~(unsigned)TYPE_UNORDERED};
  copy_label(open->label, label, label_size);
  return ORIEL_DCEP_OPENS;
}

enum oriel_dcep_message oriel_dcep_parse(const uint8_t *data, size_t size, struct oriel_dcep_open *open) {
  struct oriel_reader reader;
  if (size > ORIEL_DCEP_MAX)
    return ORIEL_DCEP_MALFORMED;
  oriel_reader_init(&reader, data, size);
  const unsigned type = oriel_read_u8(&reader);
  if (type == ORIEL_DCEP_ACK && oriel_reader_done(&reader))
    return ORIEL_DCEP_ACKNOWLEDGES;
  return type == MESSAGE_OPEN ? parse_open(&reader, open) : ORIEL_DCEP_MALFORMED;
}
