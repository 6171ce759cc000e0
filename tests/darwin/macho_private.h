/* SPDX-License-Identifier: MIT
 *
 * Inside the Mach-O loader. Numbers are those of the file format (facts of its ABI).
 */
#ifndef ORIEL_TESTS_DARWIN_MACHO_PRIVATE_H
#define ORIEL_TESTS_DARWIN_MACHO_PRIVATE_H

#include <string.h>

#include "tests/darwin/macho.h"

enum {
  MACHO_SEGMENTS_MAX = 32,
  MACHO_INITS_MAX = 64,
  MACHO_FIXUPS_MAX = 1 << 20,
  MACHO_SPAN_MAX = 64 << 20,
  MACHO_FILE_MAX = 64 << 20,
};

struct macho_segment {
  char name[17];
  uint64_t address, size; /* from the image's start */
  uint64_t file_offset, file_size;
  uint32_t protection; /* 1 read, 2 write, 4 execute */
};

struct macho_range {
  uint32_t offset, size;
};

struct macho {
  uint8_t *file; /* the slice, copied */
  size_t file_size;
  uint64_t preferred; /* where the file says that it lies */
  uint8_t *memory;
  size_t span;
  struct macho_segment segments[MACHO_SEGMENTS_MAX];
  size_t segment_count;
  struct macho_range rebase, bind, weak_bind, lazy_bind, exports, chained;
  uint32_t symbol_offset, symbol_count;
  struct macho_range strings;
  struct {
    uint64_t address, size;
    bool offsets; /* of 32 bits from the image's start, not pointers */
  } inits[MACHO_INITS_MAX];
  size_t init_count;

  macho_lookup lookup;
  void *context;
  size_t fixups;
  size_t missing;
  char *why; /* the caller's, while loading */
};

static inline bool macho_inside(uint64_t total, uint64_t offset, uint64_t size) {
  return offset <= total && size <= total - offset;
}

static inline uint16_t macho_u16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint32_t macho_u32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint64_t macho_u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

/** Writes the words for the first error of a load and returns -ENOEXEC. */
int macho_bad(struct macho *macho, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** A ULEB128 number from [*at, end). False if it is cut or too long. */
bool macho_uleb(const uint8_t **at, const uint8_t *end, uint64_t *value);
/** Applies everything that depends on where the image and others lie. 0, -ENOEXEC, -ENOENT. */
int macho_fix(struct macho *macho);

#endif
