/* SPDX-License-Identifier: MIT
 *
 * The display listener's methods. Everything here comes from another process and may be hostile: sizes are bounded
 * before they are used, lengths are computed in 64 bits, and nothing is allocated from an unchecked number.
 *
 * Runs on GDBus's worker thread: the pixels are copied once, from the message into the surface, without a change of
 * thread. That thread also reads the sound; a copy holds it for at most 1 ms at 1080p (10 ms at 7680x4320).
 */
#include "source/qemu/scanout.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/cursor.h"
#include "source/qemu/format.h"
#include "source/qemu/placeholder.h"

#define SUBSYSTEM "source/qemu"
#define LISTENER "org.qemu.Display1.Listener"
#define LISTENER_MAP "org.qemu.Display1.Listener.Unix.Map"

enum {
  STRIDE_MAX = 256 * 1024,
  POSITION_MAX = 1 << 20, /* pixels; beyond it a cursor position is nonsense */
};

/* Not worth a warning: QEMU does it after a change of size, see oriel_qemu_scanout_stale. */
static const char OUTSIDE[] = "rectangle outside the scanout";
/* Told to the user by the display's state, so not worth another line. */
static const char TOO_LARGE[] = "size outside 1x1 to 7680x4320", UNKNOWN_FORMAT[] = "unknown pixel format";
static const char GPU_BUFFER[] = "GPU buffers are not taken";
/* Said once: a peer that has lost count would say it again with each picture. */
static const char NO_MAP[] = "no shared memory was handed over";

static const uint64_t LOG_INTERVAL_NS = 5 * ORIEL_NS_PER_SECOND;

struct shape {
  uint32_t width, height, stride;
  enum oriel_pixel_format format;
};

struct oriel_qemu_scanout {
  struct oriel_surface *surface;
  const struct oriel_source_sink *sink;
  struct oriel_qemu_scanout_events events;
  struct oriel_qemu_display display;
  atomic_bool has_cursor; /* a shape was defined */
  atomic_bool recheck;    /* see oriel_qemu_scanout_recheck */
  /* Since the registration: QEMU may send updates before the first whole picture. */
  atomic_bool has_picture;
  atomic_bool missed; /* an update did not fit the picture */
  /* width << 16 | height: of the last scanout, and as the console says. 0 = none. */
  atomic_uint size, expected;
  atomic_uint_fast64_t frames;
  /* Shared memory, between ScanoutMap and the next Scanout; fd -1 = none. */
  int map_fd;
  uint64_t map_offset;
  struct shape map;
  uint8_t *map_pixels; /* what pread filled; grows to the largest rectangle */
  size_t map_pixels_size;
  uint64_t logged_ns, refused; /* rate limit of the log */
  bool no_map_told;
};

/* NULL when `shape` is plausible (format code in `pixman`). */
static const char *check_shape(struct shape *shape, uint32_t pixman) {
  if (shape->width < 1 || shape->width > ORIEL_PICTURE_WIDTH_MAX || shape->height < 1 ||
      shape->height > ORIEL_PICTURE_HEIGHT_MAX)
    return TOO_LARGE;
  if (!oriel_qemu_format(pixman, &shape->format))
    return UNKNOWN_FORMAT;
  if (shape->stride > STRIDE_MAX || shape->stride < shape->width * (uint32_t)oriel_pixel_size(shape->format))
    return "stride does not fit the width";
  return NULL;
}

/* Bytes from the first to the last pixel; of checked shapes, so at most 2^30. */
static uint64_t shape_bytes(const struct shape *shape) {
  return (uint64_t)shape->stride * (shape->height - 1) +
         (uint64_t)shape->width * (uint32_t)oriel_pixel_size(shape->format);
}

static void set_display(struct oriel_qemu_scanout *scanout, struct oriel_qemu_display display) {
  const struct oriel_qemu_display *now = &scanout->display;
  if (now->kind == display.kind && now->width == display.width && now->height == display.height &&
      now->format == display.format)
    return;
  scanout->display = display;
  scanout->events.display(scanout->events.user, &display);
}

static void drop_map(struct oriel_qemu_scanout *scanout) {
  if (scanout->map_fd >= 0)
    close(scanout->map_fd);
  scanout->map_fd = -1;
}

/* There is nothing to look at, and what was is over, the memory that it was in as well. */
static void go_dark(struct oriel_qemu_scanout *scanout, struct oriel_qemu_display display) {
  drop_map(scanout);
  atomic_store(&scanout->has_picture, false);
  atomic_store(&scanout->recheck, false); /* there is none to compare with */
  oriel_surface_fill(scanout->surface, 0, oriel_clock_ns());
  set_display(scanout, display);
  scanout->sink->damaged(scanout->sink->user);
}

/* A whole picture was refused: the one before is no longer true, unless this one is nonsense. */
static const char *refuse_picture(struct oriel_qemu_scanout *scanout, const struct shape *shape, uint32_t pixman,
                                  const char *why) {
  atomic_store(&scanout->recheck, false);
  if (why == TOO_LARGE && shape->width && shape->height)
    go_dark(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_TOO_LARGE, .width = shape->width,
                                                 .height = shape->height});
  else if (why == UNKNOWN_FORMAT)
    go_dark(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_FORMAT, .format = pixman});
  else
    set_display(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_BROKEN});
  return why;
}

static void picture_arrived(struct oriel_qemu_scanout *scanout, bool changed, enum oriel_qemu_display_kind kind) {
  set_display(scanout, (struct oriel_qemu_display){.kind = kind});
  if (changed)
    scanout->sink->damaged(scanout->sink->user);
}

/* Checked pixels become a part of the picture. */
static const char *take_part(struct oriel_qemu_scanout *scanout, struct oriel_rect rect, const uint8_t *pixels,
                             const struct shape *shape, uint64_t now, enum oriel_qemu_display_kind kind) {
  int result = oriel_surface_update(scanout->surface, rect, pixels, (int)shape->stride, shape->format, now);
  if (result < 0)
    return "refused by the surface";
  picture_arrived(scanout, result > 0, kind);
  return NULL;
}

/* What a whole picture says of the display: QEMU writes its own words where the guest shows nothing. */
static enum oriel_qemu_display_kind kind_of(const struct shape *shape, const uint8_t *pixels) {
  if (shape->format != ORIEL_PIXEL_BGRX8888)
    return ORIEL_QEMU_DISPLAY_ON;
  switch (oriel_qemu_placeholder_find(pixels, shape->stride, shape->width, shape->height)) {
  case ORIEL_QEMU_PLACEHOLDER_OFF:
    return ORIEL_QEMU_DISPLAY_OFF;
  case ORIEL_QEMU_PLACEHOLDER_NOT_YET:
    return ORIEL_QEMU_DISPLAY_NOT_YET;
  default:
    return ORIEL_QEMU_DISPLAY_ON;
  }
}

/* A checked shape with its pixels becomes the whole picture. */
static const char *take_picture(struct oriel_qemu_scanout *scanout, const struct shape *shape, const uint8_t *pixels,
                                uint64_t now) {
  enum oriel_qemu_display_kind kind = kind_of(shape, pixels);
  if (!atomic_exchange(&scanout->recheck, false))
    atomic_fetch_add(&scanout->frames, 1);
  /* Known but for what changed; the first after a registration is damage as a whole, whoever saw it before. */
  if (atomic_load(&scanout->has_picture) && atomic_load(&scanout->size) == (shape->width << 16 | shape->height)) {
    const struct oriel_rect all = {.width = (int32_t)shape->width, .height = (int32_t)shape->height};
    atomic_store(&scanout->missed, false);
    return take_part(scanout, all, pixels, shape, now, kind);
  }
  int result = oriel_surface_replace(scanout->surface, shape->width, shape->height, pixels, (int)shape->stride,
                                     shape->format, now);
  if (result < 0)
    return result == -ENOMEM ? "out of memory" : "refused by the surface";
  atomic_store(&scanout->size, shape->width << 16 | shape->height);
  atomic_store(&scanout->missed, false);
  atomic_store(&scanout->has_picture, true);
  picture_arrived(scanout, true, kind);
  return NULL;
}

/* Checked pixels of an update. One that comes while QEMU's own words stand there belongs to a picture that replaced
 * them, of which the rest is not known. */
static const char *take_update(struct oriel_qemu_scanout *scanout, struct oriel_rect rect, const uint8_t *pixels,
                               const struct shape *shape, uint64_t now) {
  if (scanout->display.kind != ORIEL_QEMU_DISPLAY_ON) {
    atomic_store(&scanout->missed, true);
    scanout->events.stale(scanout->events.user);
  }
  atomic_fetch_add(&scanout->frames, 1);
  return take_part(scanout, rect, pixels, shape, now, ORIEL_QEMU_DISPLAY_ON);
}

static bool inside(struct oriel_qemu_scanout *scanout, int32_t x, int32_t y, int32_t width, int32_t height) {
  unsigned size = atomic_load(&scanout->size);
  int32_t all_width = (int32_t)(size >> 16), all_height = (int32_t)(size & 0xffff);
  return x >= 0 && y >= 0 && width > 0 && height > 0 && width <= all_width && height <= all_height &&
         x <= all_width - width && y <= all_height - height;
}

/* --- methods ------------------------------------------------------------------------------------------------------ */

static const char *on_scanout(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  uint64_t now = oriel_clock_ns();
  struct shape shape;
  uint32_t pixman;
  GVariant *data;
  g_variant_get(body, "(uuuu@ay)", &shape.width, &shape.height, &shape.stride, &pixman, &data);
  const char *refused = check_shape(&shape, pixman);
  if (!refused) {
    gsize size;
    const uint8_t *pixels = g_variant_get_fixed_array(data, &size, 1);
    if (size < shape_bytes(&shape))
      refused = "fewer pixels than the size needs";
    else {
      drop_map(scanout);
      refused = take_picture(scanout, &shape, pixels, now);
    }
  }
  g_variant_unref(data);
  return refused ? refuse_picture(scanout, &shape, pixman, refused) : NULL;
}

static const char *on_update(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  if (!atomic_load(&scanout->has_picture))
    return NULL;
  uint64_t now = oriel_clock_ns();
  struct oriel_rect rect;
  struct shape shape;
  uint32_t pixman;
  GVariant *data;
  g_variant_get(body, "(iiiiuu@ay)", &rect.x, &rect.y, &rect.width, &rect.height, &shape.stride, &pixman, &data);
  const char *refused = NULL;
  if (!inside(scanout, rect.x, rect.y, rect.width, rect.height)) {
    refused = OUTSIDE;
    atomic_store(&scanout->missed, true);
    scanout->events.stale(scanout->events.user);
  } else {
    shape.width = (uint32_t)rect.width;
    shape.height = (uint32_t)rect.height;
    refused = check_shape(&shape, pixman);
  }
  if (!refused) {
    gsize size;
    const uint8_t *pixels = g_variant_get_fixed_array(data, &size, 1);
    if (size < shape_bytes(&shape))
      refused = "fewer pixels than the rectangle needs";
    else
      refused = take_update(scanout, rect, pixels, &shape, now);
  }
  g_variant_unref(data);
  return refused;
}

static const char *on_disable(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)body;
  (void)fds;
  go_dark(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_OFF});
  return NULL;
}

static const char *on_mouse_set(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  int32_t x, y, on;
  g_variant_get(body, "(iii)", &x, &y, &on);
  if (x < -POSITION_MAX || x > POSITION_MAX || y < -POSITION_MAX || y > POSITION_MAX)
    return "position out of range";
  scanout->sink->cursor_moved(scanout->sink->user, x, y, on != 0);
  return NULL;
}

static const char *on_cursor_define(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  int32_t width, height, hot_x, hot_y;
  GVariant *data;
  g_variant_get(body, "(iiii@ay)", &width, &height, &hot_x, &hot_y, &data);
  gsize size;
  const uint8_t *pixels = g_variant_get_fixed_array(data, &size, 1);
  struct oriel_packet *packet;
  int result = oriel_qemu_cursor_create(width, height, hot_x, hot_y, pixels, size, oriel_clock_ns(), &packet);
  if (!result) {
    atomic_store(&scanout->has_cursor, true);
    scanout->sink->cursor(scanout->sink->user, packet);
    oriel_packet_unref(packet);
  }
  g_variant_unref(data);
  return result < 0 ? "cursor of impossible size" : NULL;
}

static const char *on_dmabuf(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)body;
  (void)fds;
  if (scanout->display.kind != ORIEL_QEMU_DISPLAY_OPENGL)
    go_dark(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_OPENGL});
  return GPU_BUFFER;
}

/* --- shared memory ------------------------------------------------------------------------------------------------ */

/* Reads rows of the map into map_pixels. pread, not mmap: the other side may shrink the file at any time, which turns
 * an access to a mapping into SIGBUS but a pread into a short read. QEMU's memfd carries no seal that forbids it. */
static const char *map_read(struct oriel_qemu_scanout *scanout, uint64_t offset, const struct shape *shape) {
  size_t size = (size_t)shape_bytes(shape);
  if (size > scanout->map_pixels_size) {
    uint8_t *grown = realloc(scanout->map_pixels, size);
    if (!grown)
      return "out of memory";
    scanout->map_pixels = grown;
    scanout->map_pixels_size = size;
  }
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(scanout->map_fd, scanout->map_pixels + done, size - done, (off_t)(offset + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return "shared memory cannot be read";
    done += (size_t)count;
  }
  return NULL;
}

/* The handle's descriptor, or -1: the one that came, since a duplicate may fail for a moment and QEMU does not send it
 * again. Only regular files (memfd, shm) are taken: reading another kind could block. The file must be as large as the
 * picture says. */
static int map_take(GUnixFDList *fds, int32_t handle, uint64_t end) {
  int count = 0, taken = -1;
  int *all = fds ? g_unix_fd_list_steal_fds(fds, &count) : NULL;
  for (int i = 0; i < count; i++) {
    struct stat status;
    if (i == handle && fstat(all[i], &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size >= end)
      taken = all[i];
    else
      close(all[i]);
  }
  g_free(all);
  return taken;
}

static const char *on_scanout_map(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  uint64_t now = oriel_clock_ns();
  int32_t handle;
  uint32_t offset, pixman;
  struct shape shape;
  g_variant_get(body, "(huuuuu)", &handle, &offset, &shape.width, &shape.height, &shape.stride, &pixman);
  const char *refused = check_shape(&shape, pixman);
  if (refused)
    return refuse_picture(scanout, &shape, pixman, refused);
  int fd = map_take(fds, handle, offset + shape_bytes(&shape));
  if (fd < 0)
    return refuse_picture(scanout, &shape, pixman, "no shared memory of that size");
  drop_map(scanout);
  scanout->map_fd = fd;
  scanout->map_offset = offset;
  scanout->map = shape;
  refused = map_read(scanout, offset, &shape);
  if (!refused)
    refused = take_picture(scanout, &shape, scanout->map_pixels, now);
  if (!refused)
    return NULL;
  drop_map(scanout);
  return refuse_picture(scanout, &shape, pixman, refused);
}

static const char *on_update_map(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  uint64_t now = oriel_clock_ns();
  struct oriel_rect rect;
  g_variant_get(body, "(iiii)", &rect.x, &rect.y, &rect.width, &rect.height);
  if (scanout->map_fd < 0)
    return NO_MAP;
  if (!inside(scanout, rect.x, rect.y, rect.width, rect.height))
    return OUTSIDE;
  struct shape shape = scanout->map;
  shape.width = (uint32_t)rect.width;
  shape.height = (uint32_t)rect.height;
  uint64_t offset = scanout->map_offset + (uint64_t)shape.stride * (uint32_t)rect.y +
                    (uint64_t)(uint32_t)rect.x * (uint32_t)oriel_pixel_size(shape.format);
  const char *refused = map_read(scanout, offset, &shape);
  return refused ? refused : take_update(scanout, rect, scanout->map_pixels, &shape, now);
}

/* --- dispatch ----------------------------------------------------------------------------------------------------- */

static const struct {
  const char *interface, *member, *type; /* type NULL: any */
  const char *(*handle)(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds);
} methods[] = {
  {LISTENER, "Update", "(iiiiuuay)", on_update},
  {LISTENER, "Scanout", "(uuuuay)", on_scanout},
  {LISTENER_MAP, "UpdateMap", "(iiii)", on_update_map},
  {LISTENER_MAP, "ScanoutMap", "(huuuuu)", on_scanout_map},
  {LISTENER, "MouseSet", "(iii)", on_mouse_set},
  {LISTENER, "CursorDefine", "(iiiiay)", on_cursor_define},
  {LISTENER, "Disable", NULL, on_disable},
  {LISTENER, "ScanoutDMABUF", NULL, on_dmabuf},
  {LISTENER, "UpdateDMABUF", NULL, on_dmabuf},
};

static void log_refusal(struct oriel_qemu_scanout *scanout, const char *member, const char *why) {
  uint64_t now = oriel_clock_ns();
  scanout->refused++;
  const bool first = why == NO_MAP && !scanout->no_map_told;
  if (!first && (why == NO_MAP || (scanout->logged_ns && now - scanout->logged_ns < LOG_INTERVAL_NS)))
    return;
  scanout->no_map_told |= first;
  bool told = why == OUTSIDE || why == TOO_LARGE || why == UNKNOWN_FORMAT || why == GPU_BUFFER;
  oriel_log(told ? ORIEL_LOG_DEBUG : ORIEL_LOG_WARN, SUBSYSTEM,
            "refused %.40s from QEMU: %s (%llu refused so far)", member, why, (unsigned long long)scanout->refused);
  scanout->logged_ns = now;
}

const char *oriel_qemu_scanout_message(struct oriel_qemu_scanout *scanout, const char *interface, const char *member,
                                       GVariant *body, GUnixFDList *fds) {
  const char *refused = "no such method";
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i].member, member) || (interface && strcmp(methods[i].interface, interface)))
      continue;
    if (methods[i].type && (!body || !g_variant_is_of_type(body, G_VARIANT_TYPE(methods[i].type))))
      refused = "arguments of the wrong type";
    else
      refused = methods[i].handle(scanout, body, fds);
    break;
  }
  if (refused)
    log_refusal(scanout, member, refused);
  return refused;
}

int oriel_qemu_scanout_create(struct oriel_surface *surface, const struct oriel_source_sink *sink,
                              const struct oriel_qemu_scanout_events *events, struct oriel_qemu_scanout **scanout) {
  struct oriel_qemu_scanout *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->surface = surface;
  made->sink = sink;
  made->events = *events;
  made->map_fd = -1;
  *scanout = made;
  return 0;
}

void oriel_qemu_scanout_destroy(struct oriel_qemu_scanout *scanout) {
  if (!scanout)
    return;
  drop_map(scanout);
  free(scanout->map_pixels);
  free(scanout);
}

void oriel_qemu_scanout_reset(struct oriel_qemu_scanout *scanout) {
  drop_map(scanout);
  free(scanout->map_pixels);
  scanout->map_pixels = NULL;
  scanout->map_pixels_size = 0;
  if (atomic_load(&scanout->recheck))
    return;
  /* Told, too: what is the same here is no news, and whoever was told of a dark one would believe it for ever. */
  set_display(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_ON});
  atomic_store(&scanout->has_picture, false);
}

void oriel_qemu_scanout_recheck(struct oriel_qemu_scanout *scanout) {
  atomic_store(&scanout->recheck, atomic_load(&scanout->has_picture));
}

void oriel_qemu_scanout_forget_cursor(struct oriel_qemu_scanout *scanout) {
  if (atomic_load(&scanout->has_cursor))
    scanout->sink->cursor_moved(scanout->sink->user, 0, 0, false);
}

void oriel_qemu_scanout_expect(struct oriel_qemu_scanout *scanout, uint32_t width, uint32_t height) {
  if (width > UINT16_MAX || height > UINT16_MAX)
    return;
  atomic_store(&scanout->expected, width << 16 | height);
  if (oriel_qemu_scanout_stale(scanout))
    scanout->events.stale(scanout->events.user);
}

bool oriel_qemu_scanout_stale(struct oriel_qemu_scanout *scanout) {
  unsigned expected = atomic_load(&scanout->expected);
  return atomic_load(&scanout->has_picture) &&
         (atomic_load(&scanout->missed) || (expected && expected != atomic_load(&scanout->size)));
}

void oriel_qemu_scanout_refresh(struct oriel_qemu_scanout *scanout) {
  const struct oriel_rect all = {.width = ORIEL_PICTURE_WIDTH_MAX, .height = ORIEL_PICTURE_HEIGHT_MAX};
  oriel_surface_damage(scanout->surface, all, oriel_clock_ns());
  scanout->sink->damaged(scanout->sink->user);
}

void oriel_qemu_scanout_size(struct oriel_qemu_scanout *scanout, uint16_t *width, uint16_t *height) {
  unsigned size = atomic_load(&scanout->size);
  *width = (uint16_t)(size >> 16);
  *height = (uint16_t)size;
}

uint64_t oriel_qemu_scanout_frames(struct oriel_qemu_scanout *scanout) {
  return atomic_load(&scanout->frames);
}
