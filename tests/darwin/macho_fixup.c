/* SPDX-License-Identifier: MIT
 *
 * The Mach-O loader's fixups: what depends on where the image and its imports lie. Two forms: opcodes for a small
 * machine (rebase, bind), and chains of pointers through the pages. See macho.h.
 */
#include "tests/darwin/macho_private.h"

#include <errno.h>
#include <stdio.h>

enum { IMPORTS_MAX = 1 << 16 };

/* Where 8 bytes at `address` of the image are written; NULL if they do not lie in one segment. */
static uint8_t *slot(struct macho *macho, uint64_t address) {
  for (size_t i = 0; i < macho->segment_count; i++) {
    const struct macho_segment *segment = &macho->segments[i];
    if (address >= segment->address && macho_inside(segment->size, address - segment->address, 8))
      return ++macho->fixups > MACHO_FIXUPS_MAX ? NULL : macho->memory + address;
  }
  return NULL;
}

static int bad_place(struct macho *macho, uint64_t address) {
  if (macho->fixups > MACHO_FIXUPS_MAX)
    return macho_bad(macho, "more than %d fixups", MACHO_FIXUPS_MAX);
  return macho_bad(macho, "a fixup at %#llx, outside the segments", (unsigned long long)address);
}

static int rebase_at(struct macho *macho, uint64_t address) {
  uint8_t *at = slot(macho, address);
  if (!at)
    return bad_place(macho, address);
  uint64_t value = macho_u64(at) - macho->preferred + (uint64_t)(uintptr_t)macho->memory;
  memcpy(at, &value, sizeof value);
  return 0;
}

/* Looks a name up; remembers, in words, the ones that nobody has. */
static uint64_t resolve(struct macho *macho, const char *name, bool optional) {
  void *found = macho->lookup(macho->context, name);
  if (!found && !optional) {
    size_t used = strlen(macho->why);
    if (used < MACHO_WHY_SIZE - 1 && !(macho->missing && strstr(macho->why, name)))
      snprintf(macho->why + used, MACHO_WHY_SIZE - used, "%s%.100s",
               macho->missing ? ", " : "symbols that nobody has: ", name);
    macho->missing++;
  }
  return (uint64_t)(uintptr_t)found;
}

static int bind_at(struct macho *macho, uint64_t address, const char *name, uint64_t addend, bool optional, bool weak) {
  uint8_t *at = slot(macho, address);
  if (!at)
    return bad_place(macho, address);
  if (!name)
    return macho_bad(macho, "a bind without a symbol");
  uint64_t value = resolve(macho, name, optional || weak);
  if (weak && !value)
    return 0; /* our own definition stands */
  value = value ? value + addend : 0;
  memcpy(at, &value, sizeof value);
  return 0;
}

/* Opcodes */

struct machine {
  const uint8_t *at, *end;
  uint64_t address;
  const char *name;
  uint64_t addend;
  bool optional;
};

static bool uleb(struct machine *machine, uint64_t *value) {
  return macho_uleb(&machine->at, machine->end, value);
}

static int bad_opcode(struct macho *macho, const char *what, unsigned byte) {
  return macho_bad(macho, "%s opcode %#x is cut or unknown", what, byte);
}

static bool set_segment(const struct macho *macho, struct machine *machine, unsigned segment) {
  uint64_t offset = 0;
  if (segment >= macho->segment_count || !uleb(machine, &offset))
    return false;
  machine->address = macho->segments[segment].address + offset;
  return true;
}

static int rebase_times(struct macho *macho, struct machine *machine, uint64_t count, uint64_t skip) {
  int error = 0;
  for (; count && !error; count--) {
    error = rebase_at(macho, machine->address);
    machine->address += 8 + skip;
  }
  return error;
}

static int run_rebase(struct macho *macho) {
  struct machine machine = {.at = macho->file + macho->rebase.offset};
  machine.end = machine.at + macho->rebase.size;
  int error = 0;
  while (machine.at < machine.end && !error) {
    unsigned byte = *machine.at++, immediate = byte & 0x0f;
    uint64_t count = 0, skip = 0;
    bool good = true;
    switch (byte & 0xf0) {
    case 0x00:
      return 0;
    case 0x10:
      good = immediate == 1; /* pointers; the others are of 32-bit code */
      break;
    case 0x20:
      good = set_segment(macho, &machine, immediate);
      break;
    case 0x30:
      good = uleb(&machine, &skip);
      machine.address += skip;
      break;
    case 0x40:
      machine.address += immediate * 8u;
      break;
    case 0x50:
      error = rebase_times(macho, &machine, immediate, 0);
      break;
    case 0x60:
      good = uleb(&machine, &count);
      error = good ? rebase_times(macho, &machine, count, 0) : 0;
      break;
    case 0x70:
      good = uleb(&machine, &skip);
      error = good ? rebase_times(macho, &machine, 1, skip) : 0;
      break;
    case 0x80:
      good = uleb(&machine, &count) && uleb(&machine, &skip);
      error = good ? rebase_times(macho, &machine, count, skip) : 0;
      break;
    default:
      good = false;
    }
    if (!good)
      return bad_opcode(macho, "rebase", byte);
  }
  return error;
}

static bool set_name(struct machine *machine) {
  const uint8_t *zero = memchr(machine->at, 0, (size_t)(machine->end - machine->at));
  if (!zero)
    return false;
  machine->name = (const char *)machine->at;
  machine->at = zero + 1;
  return true;
}

static bool sleb(struct machine *machine, uint64_t *value) {
  const uint8_t *start = machine->at;
  if (!uleb(machine, value))
    return false;
  unsigned bits = 7 * (unsigned)(machine->at - start);
  if (bits < 64 && *value >> (bits - 1) & 1)
    *value |= ~UINT64_C(0) << bits;
  return true;
}

static int bind_times(struct macho *macho, struct machine *machine, uint64_t count, uint64_t skip, bool weak) {
  int error = 0;
  for (; count && !error; count--) {
    error = bind_at(macho, machine->address, machine->name, machine->addend, machine->optional, weak);
    machine->address += 8 + skip;
  }
  return error;
}

/* What a bind opcode sets, without binding. */
static bool bind_setting(const struct macho *macho, struct machine *machine, unsigned byte) {
  unsigned immediate = byte & 0x0f;
  uint64_t value = 0;
  switch (byte & 0xf0) {
  case 0x10: /* whose symbol it is: all are looked up alike */
  case 0x30:
    return true;
  case 0x20:
    return uleb(machine, &value);
  case 0x40:
    machine->optional = immediate & 1;
    return set_name(machine);
  case 0x50:
    return immediate == 1;
  case 0x60:
    return sleb(machine, &machine->addend);
  case 0x70:
    return set_segment(macho, machine, immediate);
  case 0x80:
    if (!uleb(machine, &value))
      return false;
    machine->address += value;
    return true;
  default:
    return false;
  }
}

static int run_bind(struct macho *macho, const struct macho_range *range, bool weak, bool lazy) {
  struct machine machine = {.at = macho->file + range->offset};
  machine.end = machine.at + range->size;
  int error = 0;
  while (machine.at < machine.end && !error) {
    unsigned byte = *machine.at++;
    uint64_t count = 0, skip = 0;
    bool good = true;
    switch (byte & 0xf0) {
    case 0x00:
      if (!lazy) /* where it ends each symbol's part */
        return 0;
      break;
    case 0x90:
      error = bind_times(macho, &machine, 1, 0, weak);
      break;
    case 0xa0:
      good = uleb(&machine, &skip);
      error = good ? bind_times(macho, &machine, 1, skip, weak) : 0;
      break;
    case 0xb0:
      error = bind_times(macho, &machine, 1, (byte & 0x0fu) * 8u, weak);
      break;
    case 0xc0:
      good = uleb(&machine, &count) && uleb(&machine, &skip);
      error = good ? bind_times(macho, &machine, count, skip, weak) : 0;
      break;
    default:
      good = bind_setting(macho, &machine, byte);
    }
    if (!good)
      return bad_opcode(macho, "bind", byte);
  }
  return error;
}

/* Chains */

enum { POINTER_64 = 2, POINTER_64_OFFSET = 6, PAGE_NONE = 0xffff, CHAIN_HEADER = 28, STARTS_HEADER = 22 };

struct chains {
  const uint8_t *at; /* the command's bytes */
  size_t size;
  uint32_t imports, symbols, import_count, import_format;
};

/* One import: name, addend, and whether it may be missing. False if it lies outside. */
static bool import_get(const struct chains *chains, uint32_t index, const char **name, uint64_t *addend,
                       bool *optional) {
  static const size_t sizes[] = {0, 4, 8, 16};
  size_t size = sizes[chains->import_format];
  const uint8_t *at = chains->at + chains->imports + (size_t)index * size;
  uint64_t text = 0;
  if (index >= chains->import_count)
    return false;
  if (chains->import_format == 3) {
    uint64_t word = macho_u64(at);
    text = word >> 32;
    *optional = word >> 16 & 1;
    *addend = macho_u64(at + 8);
  } else {
    uint32_t word = macho_u32(at);
    text = word >> 9;
    *optional = word >> 8 & 1;
    *addend = chains->import_format == 2 ? (uint64_t)(int64_t)(int32_t)macho_u32(at + 4) : 0;
  }
  if (!macho_inside(chains->size, chains->symbols, text) || chains->symbols + text >= chains->size)
    return false;
  *name = (const char *)chains->at + chains->symbols + text;
  return memchr(*name, 0, chains->size - chains->symbols - text);
}

static int chain_fix(struct macho *macho, const struct chains *chains, uint64_t address, uint64_t raw,
                     unsigned format) {
  if (raw >> 63) {
    const char *name = NULL;
    uint64_t addend = 0;
    bool optional = false;
    if (!import_get(chains, raw & 0xffffff, &name, &addend, &optional))
      return macho_bad(macho, "a chain binds import %u of %u", (unsigned)(raw & 0xffffff), chains->import_count);
    return bind_at(macho, address, name, addend + (raw >> 24 & 0xff), optional, false);
  }
  uint8_t *at = slot(macho, address);
  if (!at)
    return bad_place(macho, address);
  uint64_t target = raw & 0xfffffffff, high = raw >> 36 & 0xff;
  uint64_t value = target - (format == POINTER_64 ? macho->preferred : 0) + (uint64_t)(uintptr_t)macho->memory;
  value |= high << 56;
  memcpy(at, &value, sizeof value);
  return 0;
}

static int chain_follow(struct macho *macho, const struct chains *chains, uint64_t address, unsigned format) {
  for (;;) {
    if (!macho_inside(macho->span, address, 8))
      return bad_place(macho, address);
    uint64_t raw = macho_u64(macho->memory + address), next = raw >> 51 & 0xfff;
    int error = chain_fix(macho, chains, address, raw, format);
    if (error || !next)
      return error;
    address += next * 4;
  }
}

static int chain_segment(struct macho *macho, const struct chains *chains, uint64_t offset) {
  if (!macho_inside(chains->size, offset, STARTS_HEADER))
    return macho_bad(macho, "a segment's chains lie outside");
  const uint8_t *at = chains->at + offset;
  unsigned page_size = macho_u16(at + 4), format = macho_u16(at + 6), pages = macho_u16(at + 20);
  uint64_t address = macho_u64(at + 8);
  if (format != POINTER_64 && format != POINTER_64_OFFSET)
    return macho_bad(macho, "chained pointers of format %u are not of x86_64", format);
  if (!macho_inside(chains->size - offset, STARTS_HEADER, pages * 2u))
    return macho_bad(macho, "a segment's chains lie outside");
  int error = 0;
  for (unsigned i = 0; i < pages && !error; i++) {
    unsigned first = macho_u16(at + STARTS_HEADER + (size_t)i * 2);
    if (first != PAGE_NONE)
      error = chain_follow(macho, chains, address + (uint64_t)i * page_size + first, format);
  }
  return error;
}

static int run_chains(struct macho *macho) {
  struct chains chains = {.at = macho->file + macho->chained.offset, .size = macho->chained.size};
  if (chains.size < CHAIN_HEADER || macho_u32(chains.at) != 0)
    return macho_bad(macho, "chained fixups of %zu bytes, or of an unknown version", chains.size);
  uint32_t starts = macho_u32(chains.at + 4), compressed = macho_u32(chains.at + 24);
  chains.imports = macho_u32(chains.at + 8);
  chains.symbols = macho_u32(chains.at + 12);
  chains.import_count = macho_u32(chains.at + 16);
  chains.import_format = macho_u32(chains.at + 20);
  if (compressed || chains.import_format < 1 || chains.import_format > 3 || chains.import_count > IMPORTS_MAX)
    return macho_bad(macho, "chained fixups: %u imports of format %u, names of format %u", chains.import_count,
                     chains.import_format, compressed);
  if (!macho_inside(chains.size, chains.imports, (uint64_t)chains.import_count * 16 >> (3 - chains.import_format)) ||
      !macho_inside(chains.size, starts, 4))
    return macho_bad(macho, "chained fixups lie outside");
  uint32_t segments = macho_u32(chains.at + starts);
  if (segments > macho->segment_count || !macho_inside(chains.size - starts, 4, segments * 4u))
    return macho_bad(macho, "chained fixups of %u segments", segments);
  int error = 0;
  for (uint32_t i = 0; i < segments && !error; i++) {
    uint32_t offset = macho_u32(chains.at + starts + 4 + (size_t)i * 4);
    error = offset ? chain_segment(macho, &chains, (uint64_t)starts + offset) : 0;
  }
  return error;
}

int macho_fix(struct macho *macho) {
  int error = macho->chained.size ? run_chains(macho) : 0;
  if (!error)
    error = run_rebase(macho);
  if (!error)
    error = run_bind(macho, &macho->bind, false, false);
  if (!error)
    error = run_bind(macho, &macho->weak_bind, true, false);
  if (!error)
    error = run_bind(macho, &macho->lazy_bind, false, true);
  return error ? error : macho->missing ? -ENOENT : 0;
}
