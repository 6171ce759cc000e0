/* SPDX-License-Identifier: MIT
 *
 * The display listener's methods. Everything here comes from another process and may be hostile: sizes are bounded
 * before they are used, lengths are computed in 64 bits, and nothing is allocated from an unchecked number.
 *
 * Runs on the display listener's thread: the pixels are copied once, from the message into the surface, without a change
 * of thread; a copy holds it for at most 1 ms at 1080p (10 ms at 7680x4320).
 */
#include "source/qemu/scanout.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "source/qemu/cursor.h"
#include "source/qemu/scanout_picture.h"
#include "source/qemu/scanout_state.h"

#define SUBSYSTEM "source/qemu"
#define LISTENER "org.qemu.Display1.Listener"
#define LISTENER_MAP "org.qemu.Display1.Listener.Unix.Map"

enum { POSITION_MAX = 1 << 20 }; /* pixels; beyond it a cursor position is nonsense */

/* Not worth a warning: QEMU does it after a change of size, see oriel_qemu_scanout_stale. */
static const char OUTSIDE[] = "rectangle outside the scanout";
/* Told to the user by the display's state, so not worth another line. */
static const char GPU_BUFFER[] = "GPU buffers are not taken";
/* Said once: a peer that has lost count would say it again with each picture. */
static const char NO_MAP[] = "no shared memory was handed over";

static const uint64_t LOG_INTERVAL_NS = 5 * ORIEL_NS_PER_SECOND;

/* --- methods ------------------------------------------------------------------------------------------------------ */

static const char *on_scanout(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  uint64_t now = oriel_clock_ns();
  struct oriel_qemu_shape shape;
  uint32_t pixman;
  GVariant *data;
  g_variant_get(body, "(uuuu@ay)", &shape.width, &shape.height, &shape.stride, &pixman, &data);
  const char *refused = oriel_qemu_shape_check(&shape, pixman);
  if (!refused) {
    gsize size;
    const uint8_t *pixels = g_variant_get_fixed_array(data, &size, 1);
    if (size < oriel_qemu_shape_bytes(&shape))
      refused = "fewer pixels than the size needs";
    else {
      oriel_qemu_map_drop(&scanout->map);
      refused = oriel_qemu_scanout_replace(scanout, &shape, pixels, now);
    }
  }
  g_variant_unref(data);
  return refused ? oriel_qemu_scanout_refuse(scanout, &shape, pixman, refused) : NULL;
}

static const char *on_update(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  if (!atomic_load(&scanout->has_picture))
    return NULL;
  uint64_t now = oriel_clock_ns();
  struct oriel_rect rect;
  struct oriel_qemu_shape shape;
  uint32_t pixman;
  GVariant *data;
  g_variant_get(body, "(iiiiuu@ay)", &rect.x, &rect.y, &rect.width, &rect.height, &shape.stride, &pixman, &data);
  const char *refused = NULL;
  if (!oriel_qemu_scanout_covers(scanout, &rect)) {
    refused = OUTSIDE;
    atomic_store(&scanout->missed, true);
    scanout->events.stale(scanout->events.user);
  } else {
    shape.width = (uint32_t)rect.width;
    shape.height = (uint32_t)rect.height;
    refused = oriel_qemu_shape_check(&shape, pixman);
  }
  if (!refused) {
    gsize size;
    const uint8_t *pixels = g_variant_get_fixed_array(data, &size, 1);
    if (size < oriel_qemu_shape_bytes(&shape))
      refused = "fewer pixels than the rectangle needs";
    else
      refused = oriel_qemu_scanout_update(scanout, rect, pixels, &shape, now);
  }
  g_variant_unref(data);
  return refused;
}

static const char *on_disable(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)body;
  (void)fds;
  oriel_qemu_scanout_blank(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_OFF});
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
    oriel_qemu_scanout_blank(scanout, (struct oriel_qemu_display){.kind = ORIEL_QEMU_DISPLAY_OPENGL});
  return GPU_BUFFER;
}

/* --- shared memory ------------------------------------------------------------------------------------------------ */

static const char *on_scanout_map(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  uint64_t now = oriel_clock_ns();
  int32_t handle;
  uint32_t offset, pixman;
  struct oriel_qemu_shape shape;
  g_variant_get(body, "(huuuuu)", &handle, &offset, &shape.width, &shape.height, &shape.stride, &pixman);
  const char *refused = oriel_qemu_shape_check(&shape, pixman);
  if (refused)
    return oriel_qemu_scanout_refuse(scanout, &shape, pixman, refused);
  if (!oriel_qemu_map_take(&scanout->map, fds, handle, offset, &shape))
    return oriel_qemu_scanout_refuse(scanout, &shape, pixman, "no shared memory of that size");
  refused = oriel_qemu_map_read(&scanout->map, offset, &shape);
  if (!refused)
    refused = oriel_qemu_scanout_replace(scanout, &shape, scanout->map.pixels, now);
  if (!refused)
    return NULL;
  oriel_qemu_map_drop(&scanout->map);
  return oriel_qemu_scanout_refuse(scanout, &shape, pixman, refused);
}

static const char *on_update_map(struct oriel_qemu_scanout *scanout, GVariant *body, GUnixFDList *fds) {
  (void)fds;
  uint64_t now = oriel_clock_ns();
  struct oriel_rect rect;
  g_variant_get(body, "(iiii)", &rect.x, &rect.y, &rect.width, &rect.height);
  if (scanout->map.fd < 0)
    return NO_MAP;
  if (!oriel_qemu_scanout_covers(scanout, &rect))
    return OUTSIDE;
  struct oriel_qemu_shape shape = scanout->map.shape;
  shape.width = (uint32_t)rect.width;
  shape.height = (uint32_t)rect.height;
  uint64_t offset = scanout->map.offset + (uint64_t)shape.stride * (uint32_t)rect.y +
                    (uint64_t)(uint32_t)rect.x * (uint32_t)oriel_pixel_size(shape.format);
  const char *refused = oriel_qemu_map_read(&scanout->map, offset, &shape);
  return refused ? refused : oriel_qemu_scanout_update(scanout, rect, scanout->map.pixels, &shape, now);
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
  bool told = why == OUTSIDE || why == oriel_qemu_too_large || why == oriel_qemu_unknown_format || why == GPU_BUFFER;
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
