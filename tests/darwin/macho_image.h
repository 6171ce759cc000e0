/* SPDX-License-Identifier: MIT
 *
 * A small bundle with chained fixups, laid out by hand, as no linker at hand writes them: a header page, a data page, a
 * page of link-edit data. For the loader's test and its fuzzing corpus.
 */
#ifndef ORIEL_TESTS_DARWIN_MACHO_IMAGE_H
#define ORIEL_TESTS_DARWIN_MACHO_IMAGE_H

#include <stdint.h>
#include <string.h>

enum {
  MACHO_IMAGE_PAGE = 4096,
  MACHO_IMAGE_SIZE = 3 * MACHO_IMAGE_PAGE,
  MACHO_IMAGE_STARTS = 2 * MACHO_IMAGE_PAGE + 64,
  MACHO_IMAGE_FORMAT = MACHO_IMAGE_STARTS + 16 + 6,
  MACHO_IMAGE_SECTION_TYPE = 32 + 72 + 72 + 64,
};

static inline void macho_image_u32(uint8_t *at, uint32_t value) {
  memcpy(at, &value, sizeof value);
}

static inline void macho_image_u64(uint8_t *at, uint64_t value) {
  memcpy(at, &value, sizeof value);
}

/* One segment command; returns where the next goes. */
static inline uint8_t *macho_image_segment(uint8_t *at, const char *name, uint64_t page, uint32_t protection,
                                           uint32_t sections) {
  macho_image_u32(at, 0x19);
  macho_image_u32(at + 4, 72 + 80 * sections);
  memcpy(at + 8, name, strlen(name));
  macho_image_u64(at + 24, page * MACHO_IMAGE_PAGE);
  macho_image_u64(at + 32, MACHO_IMAGE_PAGE);
  macho_image_u64(at + 40, page * MACHO_IMAGE_PAGE);
  macho_image_u64(at + 48, MACHO_IMAGE_PAGE);
  macho_image_u32(at + 56, protection);
  macho_image_u32(at + 60, protection);
  macho_image_u32(at + 64, sections);
  return at + 72 + 80 * sections;
}

static inline uint8_t *macho_image_data_command(uint8_t *at, uint32_t command, uint32_t offset, uint32_t size) {
  macho_image_u32(at, command);
  macho_image_u32(at + 4, 16);
  macho_image_u32(at + 8, offset);
  macho_image_u32(at + 12, size);
  return at + 16;
}

/* imports: format 1 to 3; pointers: format 2 (addresses) or 6 (offsets). The data are a pointer to itself + 24, _import
 * + 3
 * (+ 16 where imports have addends), a weak import that nobody has, and a number. */
static inline void macho_image_chained(uint8_t image[MACHO_IMAGE_SIZE], unsigned imports, unsigned pointers) {
  static const char names[] = "\0_import\0_missing";
  /* A trie of one name: a root with one edge, a node with flags 0 and address 0x1000. */
  static const uint8_t trie[] = {0, 1, '_', 'd', 'a', 't', 'a', 0, 9, 3, 0, 0x80, 0x20, 0};
  uint8_t *link_edit = image + 2 * MACHO_IMAGE_PAGE, *at = image + 32, *data = image + MACHO_IMAGE_PAGE;
  memset(image, 0, MACHO_IMAGE_SIZE);
  macho_image_u32(image, 0xfeedfacf);
  macho_image_u32(image + 4, 0x01000007);
  macho_image_u32(image + 12, 8);
  macho_image_u32(image + 16, 5);
  at = macho_image_segment(at, "__TEXT", 0, 5, 0);
  at = macho_image_segment(at, "__DATA", 1, 3, 1);
  at = macho_image_segment(at, "__LINKEDIT", 2, 1, 0);
  at = macho_image_data_command(at, 0x80000034, 2 * MACHO_IMAGE_PAGE, 512);
  at = macho_image_data_command(at, 0x80000033, 2 * MACHO_IMAGE_PAGE + 512, sizeof trie);
  macho_image_u32(image + 20, (uint32_t)(at - image - 32));
  memcpy(link_edit + 512, trie, sizeof trie);

  /* Head: version, starts, imports, names, count, import format, name format. */
  const uint32_t head[] = {0, 64, 128, 192, 2, imports, 0};
  memcpy(link_edit, head, sizeof head);
  memcpy(link_edit + 192, names, sizeof names);
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t name = i ? 9 : 1, weak = i;
    uint8_t *entry = link_edit + 128 + i * (imports == 1 ? 4u : imports == 2 ? 8u : 16u);
    if (imports == 3)
      macho_image_u64(entry, (uint64_t)name << 32 | weak << 16), macho_image_u64(entry + 8, 16);
    else
      macho_image_u32(entry, name << 9 | weak << 8);
    if (imports == 2)
      macho_image_u32(entry + 4, 16);
  }
  /* Starts: three segments, chains in the second, at 16 bytes. */
  const uint32_t starts[] = {3, 0, 16, 0};
  memcpy(link_edit + 64, starts, sizeof starts);
  uint8_t *segment = link_edit + 64 + 16;
  macho_image_u32(segment, 24);
  segment[4] = 0, segment[5] = MACHO_IMAGE_PAGE >> 8;
  segment[6] = (uint8_t)pointers;
  macho_image_u64(segment + 8, MACHO_IMAGE_PAGE);
  segment[20] = 1; /* one page, its first pointer at 0 */

  const uint64_t next = UINT64_C(2) << 51, bind = UINT64_C(1) << 63;
  macho_image_u64(data, (uint64_t)(MACHO_IMAGE_PAGE + 24) | next);
  macho_image_u64(data + 8, bind | UINT64_C(3) << 24 | 0 | next);
  macho_image_u64(data + 16, bind | 1);
  macho_image_u64(data + 24, 0x7777);
}

#endif
