/* SPDX-License-Identifier: MIT
 *
 * The Mach-O loader: the file's structure, memory, symbols. See macho.h.
 */
#include "tests/darwin/macho_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  FAT_MAGIC = 0xbebafeca, /* big-endian cafebabe, as a little-endian machine reads it */
  FAT_ARCHITECTURES_MAX = 16,
  FAT_ENTRY = 20,
  HEADER = 32,
  MAGIC_64 = 0xfeedfacf,
  CPU_X86_64 = 0x01000007,
  TYPE_BUNDLE = 8,
  COMMANDS_MAX = 4096,
  COMMAND_SYMTAB = 0x2,
  COMMAND_SEGMENT_64 = 0x19,
  COMMAND_DYLD_INFO = 0x22,
  COMMAND_DYLD_INFO_ONLY = 0x80000022,
  COMMAND_ENCRYPTION = 0x2c,
  COMMAND_EXPORTS_TRIE = 0x80000033,
  COMMAND_CHAINED_FIXUPS = 0x80000034,
  SECTION = 80,
  SECTION_INIT_POINTERS = 0x9,
  SECTION_INIT_OFFSETS = 0x16,
  SECTION_THREAD_FIRST = 0x11,
  SECTION_THREAD_LAST = 0x15,
  PAGE = 4096,
  SYMBOL = 16,
};

int macho_bad(struct macho *macho, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (!macho->why[0])
    vsnprintf(macho->why, MACHO_WHY_SIZE, format, arguments);
  va_end(arguments);
  return -ENOEXEC;
}

bool macho_uleb(const uint8_t **at, const uint8_t *end, uint64_t *value) {
  uint64_t result = 0;
  for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
    uint8_t byte = *(*at)++;
    result |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *value = result;
      return true;
    }
  }
  return false;
}

static uint32_t big(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The x86_64 part of a universal file; a thin file is its own. */
static int find_slice(struct macho *macho, const uint8_t **bytes, size_t *size) {
  if (*size < HEADER)
    return macho_bad(macho, "%zu bytes are too few for a Mach-O file", *size);
  if (macho_u32(*bytes) != (uint32_t)FAT_MAGIC)
    return 0;
  uint32_t count = big(*bytes + 4);
  if (count > FAT_ARCHITECTURES_MAX || !macho_inside(*size, 8, (uint64_t)count * FAT_ENTRY))
    return macho_bad(macho, "a universal file of %u processors", count);
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *entry = *bytes + 8 + (size_t)i * FAT_ENTRY;
    uint32_t offset = big(entry + 8), length = big(entry + 12);
    if (big(entry) != CPU_X86_64)
      continue;
    if (!macho_inside(*size, offset, length) || length < HEADER)
      return macho_bad(macho, "the x86_64 part lies outside the file");
    *bytes += offset;
    *size = length;
    return 0;
  }
  return macho_bad(macho, "a universal file without x86_64");
}

static int read_section(struct macho *macho, const uint8_t *at) {
  uint64_t address = macho_u64(at + 32), size = macho_u64(at + 40);
  uint32_t type = macho_u32(at + 64) & 0xff;
  if (type >= SECTION_THREAD_FIRST && type <= SECTION_THREAD_LAST)
    return macho_bad(macho, "section %.16s: thread-local variables are not supported", (const char *)at);
  if (type != SECTION_INIT_POINTERS && type != SECTION_INIT_OFFSETS)
    return 0;
  if (macho->init_count == MACHO_INITS_MAX)
    return macho_bad(macho, "more than %d sections of initialisers", MACHO_INITS_MAX);
  macho->inits[macho->init_count].address = address;
  macho->inits[macho->init_count].size = size;
  macho->inits[macho->init_count++].offsets = type == SECTION_INIT_OFFSETS;
  return 0;
}

static int read_segment(struct macho *macho, const uint8_t *at, uint32_t size) {
  if (size < 72)
    return macho_bad(macho, "a segment command of %u bytes", size);
  if (macho->segment_count == MACHO_SEGMENTS_MAX)
    return macho_bad(macho, "more than %d segments", MACHO_SEGMENTS_MAX);
  struct macho_segment *segment = &macho->segments[macho->segment_count++];
  memcpy(segment->name, at + 8, 16);
  segment->name[16] = 0;
  segment->address = macho_u64(at + 24);
  segment->size = macho_u64(at + 32);
  segment->file_offset = macho_u64(at + 40);
  segment->file_size = macho_u64(at + 48);
  segment->protection = macho_u32(at + 60) & 7;
  uint32_t sections = macho_u32(at + 64);
  if (sections > (size - 72) / SECTION)
    return macho_bad(macho, "segment %s: %u sections", segment->name, sections);
  if (!macho_inside(macho->file_size, segment->file_offset, segment->file_size) || segment->file_size > segment->size)
    return macho_bad(macho, "segment %s lies outside the file", segment->name);
  int error = 0;
  for (uint32_t i = 0; i < sections && !error; i++)
    error = read_section(macho, at + 72 + (size_t)i * SECTION);
  return error;
}

static int read_range(struct macho *macho, const uint8_t *at, struct macho_range *range, const char *what) {
  range->offset = macho_u32(at);
  range->size = macho_u32(at + 4);
  if (!macho_inside(macho->file_size, range->offset, range->size))
    return macho_bad(macho, "%s lie outside the file", what);
  return 0;
}

static int read_symbols(struct macho *macho, const uint8_t *at) {
  macho->symbol_offset = macho_u32(at + 8);
  macho->symbol_count = macho_u32(at + 12);
  if (!macho_inside(macho->file_size, macho->symbol_offset, (uint64_t)macho->symbol_count * SYMBOL))
    return macho_bad(macho, "the symbols lie outside the file");
  return read_range(macho, at + 16, &macho->strings, "the symbols' names");
}

static int read_info(struct macho *macho, const uint8_t *at) {
  int error = read_range(macho, at + 8, &macho->rebase, "rebase opcodes");
  if (!error)
    error = read_range(macho, at + 16, &macho->bind, "bind opcodes");
  if (!error)
    error = read_range(macho, at + 24, &macho->weak_bind, "weak bind opcodes");
  if (!error)
    error = read_range(macho, at + 32, &macho->lazy_bind, "lazy bind opcodes");
  return error ? error : read_range(macho, at + 40, &macho->exports, "exports");
}

static int read_command(struct macho *macho, const uint8_t *at, uint32_t size) {
  uint32_t command = macho_u32(at), need = 0;
  switch (command) {
  case COMMAND_SEGMENT_64:
    return read_segment(macho, at, size);
  case COMMAND_SYMTAB:
    need = 24;
    return size < need ? macho_bad(macho, "a symbol table command of %u bytes", size) : read_symbols(macho, at);
  case (uint32_t)COMMAND_DYLD_INFO:
  case (uint32_t)COMMAND_DYLD_INFO_ONLY:
    need = 48;
    return size < need ? macho_bad(macho, "a dyld info command of %u bytes", size) : read_info(macho, at);
  case (uint32_t)COMMAND_EXPORTS_TRIE:
  case (uint32_t)COMMAND_CHAINED_FIXUPS:
    if (size < 16)
      return macho_bad(macho, "a link-edit command of %u bytes", size);
    if (command == (uint32_t)COMMAND_EXPORTS_TRIE)
      return read_range(macho, at + 8, &macho->exports, "exports");
    return read_range(macho, at + 8, &macho->chained, "chained fixups");
  case COMMAND_ENCRYPTION:
    return size < 20 || macho_u32(at + 16) ? macho_bad(macho, "the file is encrypted") : 0;
  default:
    return 0; /* what only dyld and tools need */
  }
}

static int read_header(struct macho *macho) {
  const uint8_t *file = macho->file;
  if (macho_u32(file) != (uint32_t)MAGIC_64)
    return macho_bad(macho, "no 64-bit Mach-O file: it begins with %#x", macho_u32(file));
  if (macho_u32(file + 4) != CPU_X86_64)
    return macho_bad(macho, "for another processor (%#x)", macho_u32(file + 4));
  if (macho_u32(file + 12) != TYPE_BUNDLE)
    return macho_bad(macho, "file type %u is no bundle", macho_u32(file + 12));
  uint32_t count = macho_u32(file + 16), size = macho_u32(file + 20);
  if (count > COMMANDS_MAX || !macho_inside(macho->file_size, HEADER, size))
    return macho_bad(macho, "%u load commands in %u bytes", count, size);
  const uint8_t *at = file + HEADER, *end = at + size;
  for (uint32_t i = 0; i < count; i++) {
    if (end - at < 8)
      return macho_bad(macho, "load command %u lies outside the header", i);
    uint32_t length = macho_u32(at + 4);
    if (length < 8 || length % 4 || length > (size_t)(end - at))
      return macho_bad(macho, "load command %u is %u bytes long", i, length);
    int error = read_command(macho, at, length);
    if (error)
      return error;
    at += length;
  }
  return 0;
}

/* Segments ascend, do not overlap, and the first holds the header. Addresses count from its start from here on. */
static int place_segments(struct macho *macho) {
  if (!macho->segment_count || macho->segments[0].file_offset || macho->segments[0].file_size < HEADER)
    return macho_bad(macho, "no segment holds the header");
  macho->preferred = macho->segments[0].address;
  uint64_t end = 0;
  for (size_t i = 0; i < macho->segment_count; i++) {
    struct macho_segment *segment = &macho->segments[i];
    segment->address -= macho->preferred;
    if (segment->address % PAGE || segment->address < end || segment->address > MACHO_SPAN_MAX ||
        segment->size > MACHO_SPAN_MAX - segment->address)
      return macho_bad(macho, "segment %s: %#llx bytes at %#llx", segment->name, (unsigned long long)segment->size,
                       (unsigned long long)segment->address);
    end = (segment->address + segment->size + PAGE - 1) / PAGE * PAGE;
  }
  macho->span = end;
  for (size_t i = 0; i < macho->init_count; i++) {
    macho->inits[i].address -= macho->preferred;
    if (!macho_inside(macho->span, macho->inits[i].address, macho->inits[i].size))
      return macho_bad(macho, "initialisers lie outside the image");
  }
  return 0;
}

static int map(struct macho *macho) {
  void *memory = mmap(NULL, macho->span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return -ENOMEM;
  macho->memory = memory;
  for (size_t i = 0; i < macho->segment_count; i++) {
    const struct macho_segment *segment = &macho->segments[i];
    memcpy(macho->memory + segment->address, macho->file + segment->file_offset, segment->file_size);
  }
  return 0;
}

int macho_load(const uint8_t *bytes, size_t size, macho_lookup lookup, void *context, struct macho **out,
               char why[MACHO_WHY_SIZE]) {
  struct macho *macho = calloc(1, sizeof *macho);
  if (!macho)
    return -ENOMEM;
  why[0] = 0;
  macho->why = why;
  macho->lookup = lookup;
  macho->context = context;
  int error =
      size > MACHO_FILE_MAX ? macho_bad(macho, "%zu bytes are too many", size) : find_slice(macho, &bytes, &size);
  if (error)
    goto fail;
  macho->file = malloc(size);
  error = -ENOMEM;
  if (!macho->file)
    goto fail;
  memcpy(macho->file, bytes, size);
  macho->file_size = size;
  error = read_header(macho);
  if (!error)
    error = place_segments(macho);
  if (!error)
    error = map(macho);
  if (!error)
    error = macho_fix(macho);
  if (error)
    goto fail;
  macho->why = NULL;
  *out = macho;
  return 0;
fail:
  macho_unload(macho);
  return error;
}

int macho_load_file(const char *path, macho_lookup lookup, void *context, struct macho **macho,
                    char why[MACHO_WHY_SIZE]) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC), error = fd < 0 || fstat(fd, &status) != 0 ? -errno : 0;
  void *bytes = MAP_FAILED;
  if (!error && status.st_size > 0)
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (!error && bytes == MAP_FAILED)
    error = -ENOEXEC;
  if (error)
    snprintf(why, MACHO_WHY_SIZE, "%s: %s", path, strerror(-error));
  else
    error = macho_load(bytes, (size_t)status.st_size, lookup, context, macho, why);
  if (bytes != MAP_FAILED)
    munmap(bytes, (size_t)status.st_size);
  if (fd >= 0)
    close(fd);
  return error;
}

void macho_unload(struct macho *macho) {
  if (!macho)
    return;
  if (macho->memory)
    munmap(macho->memory, macho->span);
  free(macho->file);
  free(macho);
}

/* Whether an address may be called. */
static bool executable(const struct macho *macho, uint64_t address) {
  for (size_t i = 0; i < macho->segment_count; i++) {
    const struct macho_segment *segment = &macho->segments[i];
    if (segment->protection & 4 && address >= segment->address && address - segment->address < segment->size)
      return true;
  }
  return false;
}

/* As dyld calls them; a bundle's look at none of these. */
typedef void (*initialiser)(int argc, const char **argv, const char **envp, const char **apple);

static int initialise(struct macho *macho, uint64_t address) {
  static const char *none[] = {NULL};
  if (!executable(macho, address))
    return -ENOEXEC;
  initialiser call = NULL;
  void *target = macho->memory + address;
  memcpy(&call, &target, sizeof call);
  call(0, none, none, none);
  return 0;
}

int macho_run(struct macho *macho) {
  for (size_t i = 0; i < macho->segment_count; i++) {
    const struct macho_segment *segment = &macho->segments[i];
    int protection = (segment->protection & 1 ? PROT_READ : 0) | (segment->protection & 2 ? PROT_WRITE : 0) |
                     (segment->protection & 4 ? PROT_EXEC : 0);
    if (segment->size && mprotect(macho->memory + segment->address, segment->size, protection) != 0)
      return -errno;
  }
  int error = 0;
  for (size_t i = 0; i < macho->init_count && !error; i++) {
    const uint8_t *at = macho->memory + macho->inits[i].address;
    size_t step = macho->inits[i].offsets ? 4 : 8;
    for (uint64_t done = 0; done + step <= macho->inits[i].size && !error; done += step)
      error = initialise(macho, macho->inits[i].offsets ? macho_u32(at + done)
                                                        : macho_u64(at + done) - (uint64_t)(uintptr_t)macho->memory);
  }
  return error;
}

/* The trie: each node has its terminal's bytes, then edges of text to other nodes. */
static bool trie_find(const struct macho *macho, const char *name, uint64_t *address) {
  const uint8_t *start = macho->file + macho->exports.offset, *end = start + macho->exports.size, *at = start;
  /* Each step eats a character at least, so a ring of nodes ends. */
  while (at < end) {
    uint64_t terminal = 0, flags = 0, next = 0;
    if (!macho_uleb(&at, end, &terminal) || terminal > (uint64_t)(end - at))
      return false;
    const uint8_t *children = at + terminal;
    if (!*name && terminal)
      return macho_uleb(&at, children, &flags) && (flags & ~3u) == 0 && macho_uleb(&at, children, address);
    at = children;
    if (!*name || at == end)
      return false;
    unsigned edges = *at++;
    bool found = false;
    for (unsigned i = 0; i < edges && !found; i++) {
      const uint8_t *zero = memchr(at, 0, (size_t)(end - at));
      size_t length = zero ? (size_t)(zero - at) : 0;
      found = zero && length && strncmp((const char *)at, name, length) == 0;
      if (!zero || (at = zero + 1, !macho_uleb(&at, end, &next)))
        return false;
      name += found ? length : 0;
    }
    if (!found || next >= macho->exports.size)
      return false;
    at = start + next;
  }
  return false;
}

static bool table_find(const struct macho *macho, const char *name, uint64_t *address) {
  size_t length = strlen(name) + 1;
  for (uint32_t i = 0; i < macho->symbol_count; i++) {
    const uint8_t *symbol = macho->file + macho->symbol_offset + (size_t)i * SYMBOL;
    uint32_t text = macho_u32(symbol);
    bool defined = (symbol[4] & 0xe0) == 0 && (symbol[4] & 0x0e) == 0x0e && symbol[4] & 1; /* in a section, external */
    if (!defined || !macho_inside(macho->strings.size, text, length))
      continue;
    if (memcmp(macho->file + macho->strings.offset + text, name, length) == 0) {
      *address = macho_u64(symbol + 8) - macho->preferred;
      return true;
    }
  }
  return false;
}

void *macho_symbol(const struct macho *macho, const char *name) {
  uint64_t address = 0;
  bool found = trie_find(macho, name, &address) || table_find(macho, name, &address);
  return found && address < macho->span ? macho->memory + address : NULL;
}
