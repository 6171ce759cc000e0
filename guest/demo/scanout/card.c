/* SPDX-License-Identifier: MIT
 *
 * See card.h. Called by the compositor's only thread.
 */
#include "card.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

enum {
  REFRESH_HZ = 60,
  SPLIT_MAX = 3,   /* rectangles that are worth a request each */
  SPLIT_RATIO = 4, /* if the box around them has this many times their pixels */
};

static void picture_destroy(struct card *card, struct card_picture *picture) {
  if (!picture->pixels) {
    return;
  }
  munmap(picture->pixels, picture->size);
  if (picture->frame_buffer) {
    drmModeRmFB(card->fd, picture->frame_buffer);
  }
  struct drm_mode_destroy_dumb destroy = { .handle = picture->handle };
  drmIoctl(card->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
  *picture = (struct card_picture){ 0 };
}

static int picture_create(struct card *card, int width, int height, struct card_picture *picture) {
  struct drm_mode_create_dumb create = { .width = (uint32_t)width, .height = (uint32_t)height, .bpp = 32 };
  if (drmIoctl(card->fd, DRM_IOCTL_MODE_CREATE_DUMB, &create) < 0) {
    return -errno;
  }
  struct drm_mode_map_dumb map = { .handle = create.handle };
  void *pixels = MAP_FAILED;
  if (drmIoctl(card->fd, DRM_IOCTL_MODE_MAP_DUMB, &map) == 0) {
    pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, card->fd, (off_t)map.offset);
  }
  if (pixels == MAP_FAILED) {
    int error = -errno;
    struct drm_mode_destroy_dumb destroy = { .handle = create.handle };
    drmIoctl(card->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
    return error;
  }
  *picture = (struct card_picture){ .handle = create.handle, .width = width, .height = height,
                                    .stride = create.pitch, .size = create.size, .pixels = pixels };
  return 0;
}

static bool use_connector(struct card *card, const drmModeConnector *connector) {
  if (connector->connection != DRM_MODE_CONNECTED || connector->count_modes == 0) {
    return false;
  }
  const drmModeModeInfo *mode = &connector->modes[0]; /* the kernel lists the preferred one first */
  card->connector = connector->connector_id;
  card->preferred_width = mode->hdisplay;
  card->preferred_height = mode->vdisplay;
  snprintf(card->name, sizeof card->name, "%s-%u", drmModeGetConnectorTypeName(connector->connector_type),
           connector->connector_type_id);
  return true;
}

int card_init(struct card *card, int fd) {
  *card = (struct card){ .fd = fd };
  drmModeRes *resources = drmModeGetResources(fd);
  if (!resources) {
    return -errno;
  }
  bool found = false;
  for (int i = 0; i < resources->count_connectors && i < resources->count_crtcs && !found; i++) {
    drmModeConnector *connector = drmModeGetConnector(fd, resources->connectors[i]);
    if (connector) {
      found = use_connector(card, connector);
      card->crtc = resources->crtcs[i]; /* virtio-gpu wires connector i to controller i */
      drmModeFreeConnector(connector);
    }
  }
  drmModeFreeResources(resources);
  return found ? 0 : -ENODEV;
}

void card_finish(struct card *card) {
  card_hide(card);
  picture_destroy(card, &card->cursor);
}

/* Any timings do: nothing scans the picture out. */
static drmModeModeInfo make_mode(int width, int height) {
  drmModeModeInfo mode = { .hdisplay = (uint16_t)width, .vdisplay = (uint16_t)height, .vrefresh = REFRESH_HZ,
                           .type = DRM_MODE_TYPE_USERDEF };
  mode.hsync_start = (uint16_t)(width + 8);
  mode.hsync_end = (uint16_t)(width + 24);
  mode.htotal = (uint16_t)(width + 48);
  mode.vsync_start = (uint16_t)(height + 2);
  mode.vsync_end = (uint16_t)(height + 6);
  mode.vtotal = (uint16_t)(height + 12);
  mode.clock = (uint32_t)mode.htotal * mode.vtotal * REFRESH_HZ / 1000;
  snprintf(mode.name, sizeof mode.name, "%dx%d", width, height);
  return mode;
}

static void copy(const struct card_picture *to, const uint8_t *from, size_t from_stride, struct card_rect rect) {
  size_t left = (size_t)rect.x1 * 4;
  size_t length = (size_t)(rect.x2 - rect.x1) * 4;
  for (int y = rect.y1; y < rect.y2; y++) {
    memcpy(to->pixels + (size_t)y * to->stride + left, from + (size_t)y * from_stride + left, length);
  }
}

static int show_whole(struct card *card, const uint8_t *pixels, size_t stride, int width, int height) {
  struct card_picture next;
  int error = picture_create(card, width, height, &next);
  if (error) {
    return error;
  }
  copy(&next, pixels, stride, (struct card_rect){ 0, 0, width, height });
  drmModeModeInfo mode = make_mode(width, height);
  if (drmModeAddFB(card->fd, (uint32_t)width, (uint32_t)height, 24, 32, (uint32_t)next.stride, next.handle,
                   &next.frame_buffer) < 0 ||
      drmModeSetCrtc(card->fd, card->crtc, next.frame_buffer, 0, 0, &card->connector, 1, &mode) < 0) {
    error = -errno;
    picture_destroy(card, &next);
    return error;
  }
  picture_destroy(card, &card->front);
  card->front = next;
  return 0;
}

static long area(struct card_rect rect) {
  return (long)(rect.x2 - rect.x1) * (rect.y2 - rect.y1);
}

/* The kernel joins the rectangles of one request into the box around them. Rectangles far apart go one by one, near
 * ones together, so that what belongs together is seen together. */
static int tell_damage(struct card *card, const struct card_rect *rects, int count) {
  struct card_rect box = rects[0];
  long total = 0;
  for (int i = 0; i < count; i++) {
    box.x1 = rects[i].x1 < box.x1 ? rects[i].x1 : box.x1;
    box.y1 = rects[i].y1 < box.y1 ? rects[i].y1 : box.y1;
    box.x2 = rects[i].x2 > box.x2 ? rects[i].x2 : box.x2;
    box.y2 = rects[i].y2 > box.y2 ? rects[i].y2 : box.y2;
    total += area(rects[i]);
  }
  bool split = count <= SPLIT_MAX && area(box) > SPLIT_RATIO * total;
  int error = 0;
  for (int i = 0; i < (split ? count : 1); i++) {
    struct card_rect rect = split ? rects[i] : box;
    drmModeClip clip = { (uint16_t)rect.x1, (uint16_t)rect.y1, (uint16_t)rect.x2, (uint16_t)rect.y2 };
    if (drmModeDirtyFB(card->fd, card->front.frame_buffer, &clip, 1) < 0) {
      error = -errno;
    }
  }
  return error;
}

int card_show(struct card *card, const uint8_t *pixels, size_t stride, int width, int height, bool whole,
              const struct card_rect *rects, int count) {
  struct card_rect all = { 0, 0, width, height };
  if (!card->front.pixels || card->front.width != width || card->front.height != height) {
    return show_whole(card, pixels, stride, width, height);
  }
  if (whole) {
    rects = &all;
    count = 1;
  }
  for (int i = 0; i < count; i++) {
    copy(&card->front, pixels, stride, rects[i]);
  }
  return count > 0 ? tell_damage(card, rects, count) : 0;
}

void card_hide(struct card *card) {
  if (card->front.pixels) {
    drmModeSetCrtc(card->fd, card->crtc, 0, 0, 0, NULL, 0, NULL);
    picture_destroy(card, &card->front);
  }
}

int card_set_cursor(struct card *card, const uint8_t *pixels, size_t stride, int hot_x, int hot_y) {
  if (!pixels) {
    return drmModeSetCursor(card->fd, card->crtc, 0, 0, 0) < 0 ? -errno : 0;
  }
  if (!card->cursor.pixels) {
    int error = picture_create(card, CARD_CURSOR_SIZE, CARD_CURSOR_SIZE, &card->cursor);
    if (error) {
      return error;
    }
  }
  copy(&card->cursor, pixels, stride, (struct card_rect){ 0, 0, CARD_CURSOR_SIZE, CARD_CURSOR_SIZE });
  int result = drmModeSetCursor2(card->fd, card->crtc, card->cursor.handle, CARD_CURSOR_SIZE, CARD_CURSOR_SIZE,
                                 hot_x, hot_y);
  return result < 0 ? -errno : 0;
}

void card_move_cursor(struct card *card, int x, int y) {
  drmModeMoveCursor(card->fd, card->crtc, x, y);
}
