/* SPDX-License-Identifier: MIT
 *
 * The listeners' arguments: the input is a series of method calls of QEMU's display and sound, with any numbers in
 * them. Each call is a byte for the method, its numbers, a byte for the amount of data (times 16), then the data as far
 * as it goes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/scanout.h"
#include "source/qemu/sound.h"
#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_damaged(void *user) {
  (void)user;
}

static void on_cursor(void *user, struct oriel_packet *packet) {
  (void)user;
  if (packet->size < 8 || packet->size > 8 + 256 * 256 * 4)
    abort();
}

static void on_cursor_moved(void *user, int32_t x, int32_t y, bool visible) {
  (void)user;
  (void)x;
  (void)y;
  (void)visible;
}

static void on_sound(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  (void)user;
  (void)captured_ns;
  if (!count || count > 48000)
    abort();
  for (size_t i = 0; i < 2 * count; i++)
    if (!(frames[i] >= -4.0f && frames[i] <= 4.0f))
      abort();
}

static void on_volume(void *user, float left, float right, bool muted) {
  (void)user;
  (void)muted;
  if (left < 0 || left > 1 || right < 0 || right > 1)
    abort();
}

static void on_display(void *user, const struct oriel_qemu_display *display) {
  (void)user;
  (void)display;
}

static void on_stale(void *user) {
  (void)user;
}

/* A number: mostly small, some at the edges of their type. */
static uint32_t number(struct oriel_reader *reader) {
  uint8_t first = oriel_read_u8(reader);
  return first < 250 ? first : first < 253 ? oriel_read_u32(reader) : (uint32_t)(first - 255) ^ 0x80000000u;
}

static uint32_t format(struct oriel_reader *reader) {
  static const uint32_t codes[] = {0x20020888, 0x20028888, 0x20030888, 0x20080888, 0x20098888, 0x18020888,
                                   0x18030888, 0x10020565, 0x10021555};
  uint8_t index = oriel_read_u8(reader);
  return index < sizeof codes / sizeof *codes ? codes[index] : oriel_read_u32(reader);
}

/* Exactly as large as it says, so that the first byte beyond is noticed. */
static GVariant *blob(struct oriel_reader *reader) {
  size_t size = (size_t)oriel_read_u8(reader) * 16;
  if (size > reader->left)
    size = reader->left;
  uint8_t *copy = malloc(size ? size : 1);
  const uint8_t *from = oriel_read_bytes(reader, size);
  for (size_t i = 0; copy && from && i < size; i++)
    copy[i] = from[i];
  return g_variant_new_from_data(G_VARIANT_TYPE("ay"), copy, size, TRUE, free, copy);
}

static GVariant *arguments(struct oriel_reader *r, unsigned method) {
  uint32_t n[8];
  for (unsigned i = 0; i < 8; i++)
    n[i] = method < 10 ? number(r) : 0;
  uint64_t id = n[0] % 10;
  switch (method) {
  case 0:
    return g_variant_new("(uuuu@ay)", n[0], n[1], n[2], format(r), blob(r));
  case 1:
    return g_variant_new("(iiiiuu@ay)", n[0], n[1], n[2], n[3], n[4], format(r), blob(r));
  case 2:
    return g_variant_new("(huuuuu)", n[0], n[1], n[2], n[3], n[4], format(r));
  case 3:
    return g_variant_new("(iiii)", n[0], n[1], n[2], n[3]);
  case 4:
    return g_variant_new("(iiii@ay)", n[0], n[1], n[2], n[3], blob(r));
  case 5:
    return g_variant_new("(iii)", n[0], n[1], n[2]);
  case 6:
    return g_variant_new("(tybbuyuub)", id, n[1] & 0xff, n[2] & 1, n[3] & 1, n[4] * 100, n[5] & 0xff, n[6],
                         n[7], n[7] & 1);
  case 7:
    return g_variant_new("(t@ay)", id, blob(r));
  case 8:
    return g_variant_new("(tb@ay)", id, n[1] & 1, blob(r));
  case 9:
    return g_variant_new("(tb)", id, n[1] & 1);
  case 10:
    return g_variant_new("(t)", (uint64_t)(oriel_read_u8(r) % 10));
  default:
    return NULL;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct {
    const char *member;
    bool sound;
  } methods[] = {{"Scanout", false},  {"Update", false},       {"ScanoutMap", false}, {"UpdateMap", false},
                 {"CursorDefine", false}, {"MouseSet", false}, {"Init", true},        {"Write", true},
                 {"SetVolume", true}, {"SetEnabled", true},    {"Fini", true},        {"Disable", false},
                 {"ScanoutDMABUF", false}};
  enum { METHODS = sizeof methods / sizeof *methods };
  const struct oriel_source_sink sink = {
    .damaged = on_damaged,
    .cursor = on_cursor,
    .cursor_moved = on_cursor_moved,
    .sound = on_sound,
    .volume = on_volume,
  };
  const struct oriel_qemu_scanout_events events = {.display = on_display, .stale = on_stale};
  struct oriel_surface *surface;
  struct oriel_qemu_scanout *scanout;
  struct oriel_qemu_sound *sound;
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  if (oriel_surface_create(&surface) || oriel_qemu_scanout_create(surface, &sink, &events, &scanout) ||
      oriel_qemu_sound_create(&sink, &sound))
    abort();
  int memory = memfd_create("fuzz", MFD_CLOEXEC);
  if (memory < 0 || ftruncate(memory, 20000))
    abort();
  GUnixFDList *fds = g_unix_fd_list_new_from_array(&memory, 1);

  struct oriel_reader reader;
  oriel_reader_init(&reader, data, size);
  uint64_t now = ORIEL_NS_PER_SECOND;
  for (unsigned calls = 0; calls < 64 && reader.left; calls++) {
    uint8_t method = oriel_read_u8(&reader);
    now += method % 3 * 40 * ORIEL_NS_PER_MS; /* a voice that rests for 100 ms holds nobody up any more */
    /* Another method's arguments, sometimes. */
    GVariant *body = arguments(&reader, method & 0x80 ? (method >> 3) % METHODS : method % METHODS);
    if (body)
      g_variant_ref_sink(body);
    if (methods[method % METHODS].sound)
      oriel_qemu_sound_message(sound, &(struct oriel_qemu_call){
        .member = methods[method % METHODS].member, .body = body, .now_ns = now});
    else
      oriel_qemu_scanout_message(scanout, NULL, methods[method % METHODS].member, body, method & 0x40 ? NULL : fds);
    if (body)
      g_variant_unref(body);
  }
  g_object_unref(fds);
  oriel_qemu_sound_destroy(sound);
  oriel_qemu_scanout_destroy(scanout);
  oriel_surface_destroy(surface);
  return 0;
}
