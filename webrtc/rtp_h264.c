/* SPDX-License-Identifier: MIT
 *
 * Access units to payloads, in two passes of one walk: the first counts, the second writes. Called by the network
 * thread, once for all viewers of a rendition.
 */
#include "webrtc/rtp_h264.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "webrtc/rtp_unit.h"

enum {
  NAL_IDR = 5, NAL_DELIMITER = 9, NAL_FILLER = 12, NAL_LAST = 23, /* 24 and up, and 0, are RTP's own */
  STAP_A = 24, FU_A = 28,
  TYPE_MASK = 0x1f, REFERENCE_MASK = 0x60,
  FU_START = 0x80, FU_END = 0x40,
  FU_HEADER_SIZE = 2,
};

struct nal {
  const uint8_t *data;
  size_t size;
};

/* What a pass has found; `unit` is NULL in the one that counts. */
struct pass {
  struct oriel_rtp_unit *unit;
  size_t payload_max;
  size_t packets, bytes;
  bool key;
  size_t small_count, small_size; /* NAL units that wait for being put together: their number, and size in a STAP-A */
  const struct nal *small;
};

/* The byte after the next start code at or after `at`; `size` when there is none. `*code`: where that begins. */
static size_t find_start(const uint8_t *data, size_t size, size_t at, size_t *code) {
  while (at + 3 <= size) {
    const uint8_t *one = memchr(data + at + 2, 1, size - at - 2);
    if (!one)
      break;
    at = (size_t)(one - data) - 2;
    if (!data[at] && !data[at + 1]) {
      *code = at;
      return at + 3;
    }
    at++;
  }
  *code = size;
  return size;
}

/* The NAL unit that begins at `*at`, which moves to the next. */
static struct nal next_nal(const uint8_t *data, size_t size, size_t *at) {
  size_t start = *at, end;
  *at = find_start(data, size, start, &end);
  while (end > start && !data[end - 1])
    end--; /* trailing zeros, and the first byte of a start code of four */
  return (struct nal){data + start, end - start};
}

static void put(struct pass *pass, const void *data, size_t size) {
  pass->bytes += size;
  if (pass->unit)
    oriel_rtp_unit_append(pass->unit, data, size);
}

static void end_packet(struct pass *pass) {
  pass->packets++;
  if (pass->unit)
    oriel_rtp_unit_end_packet(pass->unit);
}

/* Writes the NAL units that wait: one as it is, several as a STAP-A. They lie in one row of `pass->small`. */
static void flush_small(struct pass *pass) {
  if (pass->small_count == 1) {
    put(pass, pass->small->data, pass->small->size);
  } else if (pass->small_count) {
    uint8_t header = STAP_A;
    for (size_t i = 0; i < pass->small_count; i++)
      if ((pass->small[i].data[0] & REFERENCE_MASK) > (header & REFERENCE_MASK))
        header = (uint8_t)(STAP_A | (pass->small[i].data[0] & REFERENCE_MASK));
    put(pass, &header, 1);
    for (size_t i = 0; i < pass->small_count; i++) {
      const uint8_t length[] = {(uint8_t)(pass->small[i].size >> 8), (uint8_t)pass->small[i].size};
      put(pass, length, sizeof length);
      put(pass, pass->small[i].data, pass->small[i].size);
    }
  }
  if (pass->small_count)
    end_packet(pass);
  pass->small_count = pass->small_size = 0;
}

static void put_fragments(struct pass *pass, struct nal nal) {
  const uint8_t header = nal.data[0];
  const uint8_t *next = nal.data + 1;
  size_t left = nal.size - 1;
  const size_t most = pass->payload_max - FU_HEADER_SIZE, count = (left + most - 1) / most;
  const size_t each = (left + count - 1) / count;
  for (bool first = true; left; first = false) {
    const size_t size = left < each ? left : each;
    const uint8_t fu[FU_HEADER_SIZE] = {
      (uint8_t)((header & ~TYPE_MASK) | FU_A),
      (uint8_t)((header & TYPE_MASK) | (first ? FU_START : 0) | (size == left ? FU_END : 0)),
    };
    put(pass, fu, sizeof fu);
    put(pass, next, size);
    end_packet(pass);
    next += size;
    left -= size;
  }
}

enum { SMALL_MAX = 16 }; /* NAL units of one STAP-A: parameter sets, messages and some slices */

static void put_nal(struct pass *pass, struct nal *small, struct nal nal) {
  const size_t header = 1, length = 2;
  if (pass->small_count == SMALL_MAX || header + pass->small_size + length + nal.size > pass->payload_max)
    flush_small(pass);
  if (nal.size > pass->payload_max) {
    put_fragments(pass, nal);
    return;
  }
  small[pass->small_count++] = nal;
  pass->small_size += length + nal.size;
}

static int walk(struct pass *pass, const uint8_t *data, size_t size) {
  struct nal small[SMALL_MAX];
  size_t code, at = find_start(data, size, 0, &code);
  pass->small = small;
  while (at < size) {
    struct nal nal = next_nal(data, size, &at);
    if (!nal.size)
      continue;
    const unsigned type = nal.data[0] & TYPE_MASK;
    if (!type || type > NAL_LAST)
      return -EBADMSG;
    if (type == NAL_DELIMITER || type == NAL_FILLER)
      continue;
    pass->key = pass->key || type == NAL_IDR;
    put_nal(pass, small, nal);
  }
  flush_small(pass);
  return pass->packets ? 0 : -EBADMSG;
}

int oriel_rtp_h264_packetise(const uint8_t *data, size_t size, size_t payload_max, struct oriel_rtp_unit **unit) {
  assert(payload_max >= 16 && payload_max <= UINT16_MAX);
  if (size > ORIEL_RTP_UNIT_MAX)
    return -E2BIG;
  struct pass counted = {.payload_max = payload_max};
  const int error = walk(&counted, data, size);
  if (error)
    return error;
  if (counted.bytes > ORIEL_RTP_UNIT_MAX)
    return -E2BIG;
  struct pass written = {.payload_max = payload_max, .unit = oriel_rtp_unit_create(counted.packets, counted.bytes)};
  if (!written.unit)
    return -ENOMEM;
  walk(&written, data, size);
  written.unit->key = written.key;
  *unit = written.unit;
  return 0;
}
