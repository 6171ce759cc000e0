/* SPDX-License-Identifier: MIT
 *
 * The writers of RTCP. Called by the network thread.
 */
#include "webrtc/rtcp_write.h"

#include <assert.h>
#include <string.h>

enum {
  VERSION = 2 << 6,
  TYPE_SENDER_REPORT = 200, TYPE_RECEIVER_REPORT, TYPE_DESCRIPTION, TYPE_BYE,
  BLOCK_WORDS = 6, BLOCKS_MAX = 31,
  ITEM_CNAME = 1, NAME_MAX_SIZE = 255,
};

static void write_header(struct oriel_writer *writer, size_t count, uint8_t type, size_t words_after) {
  oriel_write_u8(writer, (uint8_t)(VERSION | count));
  oriel_write_u8(writer, type);
  oriel_write_u16_be(writer, (uint16_t)words_after);
}

static void write_blocks(struct oriel_writer *writer, const struct oriel_rtcp_block *blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    oriel_write_u32_be(writer, blocks[i].ssrc);
    oriel_write_u32_be(writer, (uint32_t)blocks[i].fraction_lost << 24 | ((uint32_t)blocks[i].lost & 0xffffff));
    oriel_write_u32_be(writer, blocks[i].highest_sequence);
    oriel_write_u32_be(writer, blocks[i].jitter);
    oriel_write_u32_be(writer, blocks[i].last_report);
    oriel_write_u32_be(writer, blocks[i].delay);
  }
}

void oriel_rtcp_write_sender_report(struct oriel_writer *writer, const struct oriel_rtcp_sender_report *report,
                                    const struct oriel_rtcp_block *blocks, size_t count) {
  assert(count <= BLOCKS_MAX);
  write_header(writer, count, TYPE_SENDER_REPORT, 6 + count * BLOCK_WORDS);
  oriel_write_u32_be(writer, report->ssrc);
  oriel_write_u32_be(writer, (uint32_t)(report->ntp >> 32));
  oriel_write_u32_be(writer, (uint32_t)report->ntp);
  oriel_write_u32_be(writer, report->timestamp);
  oriel_write_u32_be(writer, report->packets);
  oriel_write_u32_be(writer, report->bytes);
  write_blocks(writer, blocks, count);
}

void oriel_rtcp_write_receiver_report(struct oriel_writer *writer, uint32_t ssrc, const struct oriel_rtcp_block *blocks,
                                      size_t count) {
  assert(count <= BLOCKS_MAX);
  write_header(writer, count, TYPE_RECEIVER_REPORT, 1 + count * BLOCK_WORDS);
  oriel_write_u32_be(writer, ssrc);
  write_blocks(writer, blocks, count);
}

void oriel_rtcp_write_name(struct oriel_writer *writer, uint32_t ssrc, const char *name) {
  const size_t size = strlen(name);
  assert(size <= NAME_MAX_SIZE);
  const size_t words = (2 + size) / 4 + 1; /* at least one zero ends the items, and fills the last word */
  write_header(writer, 1, TYPE_DESCRIPTION, 1 + words);
  oriel_write_u32_be(writer, ssrc);
  oriel_write_u8(writer, ITEM_CNAME);
  oriel_write_u8(writer, (uint8_t)size);
  oriel_write_bytes(writer, name, size);
  for (size_t i = 2 + size; i < words * 4; i++)
    oriel_write_u8(writer, 0);
}

void oriel_rtcp_write_bye(struct oriel_writer *writer, uint32_t ssrc) {
  write_header(writer, 1, TYPE_BYE, 1);
  oriel_write_u32_be(writer, ssrc);
}
