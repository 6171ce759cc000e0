/* SPDX-License-Identifier: MIT
 *
 * heads-guest CARD: in a guest, shows a colour on each connected output of a DRM card: red on the first, green on the
 * second. Reads lines from standard input: "off N" switches the output N (from 0) off, "on N" on again. Ends with it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of the kernel's drm.h and drm_mode.h, which not every host has. */
struct drm_mode_modeinfo {
  uint32_t clock;
  uint16_t hdisplay, hsync_start, hsync_end, htotal, hskew, vdisplay, vsync_start, vsync_end, vtotal, vscan;
  uint32_t vrefresh, flags, type;
  char name[32];
};
struct drm_mode_card_res {
  uint64_t fb_id_ptr, crtc_id_ptr, connector_id_ptr, encoder_id_ptr;
  uint32_t count_fbs, count_crtcs, count_connectors, count_encoders, min_width, max_width, min_height, max_height;
};
struct drm_mode_get_connector {
  uint64_t encoders_ptr, modes_ptr, props_ptr, prop_values_ptr;
  uint32_t count_modes, count_props, count_encoders, encoder_id, connector_id, connector_type, connector_type_id,
    connection, mm_width, mm_height, subpixel, pad;
};
struct drm_mode_crtc {
  uint64_t set_connectors_ptr;
  uint32_t count_connectors, crtc_id, fb_id, x, y, gamma_size, mode_valid;
  struct drm_mode_modeinfo mode;
};
struct drm_mode_fb_cmd {
  uint32_t fb_id, width, height, pitch, bpp, depth, handle;
};
struct drm_mode_create_dumb {
  uint32_t height, width, bpp, flags, handle, pitch;
  uint64_t size;
};
struct drm_mode_map_dumb {
  uint32_t handle, pad;
  uint64_t offset;
};

#define DRM_IOCTL_SET_MASTER _IO('d', 0x1e)
#define DRM_IOCTL_MODE_GETRESOURCES _IOWR('d', 0xa0, struct drm_mode_card_res)
#define DRM_IOCTL_MODE_SETCRTC _IOWR('d', 0xa2, struct drm_mode_crtc)
#define DRM_IOCTL_MODE_GETCONNECTOR _IOWR('d', 0xa7, struct drm_mode_get_connector)
#define DRM_IOCTL_MODE_ADDFB _IOWR('d', 0xae, struct drm_mode_fb_cmd)
#define DRM_IOCTL_MODE_CREATE_DUMB _IOWR('d', 0xb2, struct drm_mode_create_dumb)
#define DRM_IOCTL_MODE_MAP_DUMB _IOWR('d', 0xb3, struct drm_mode_map_dumb)

enum { OUTPUTS = 4, MODES = 64, TRIES = 40000 };

static const uint32_t colours[OUTPUTS] = {0xc02020, 0x20a040, 0x2040c0, 0xc0a020};
static uint32_t crtcs[OUTPUTS], connectors[OUTPUTS];
static unsigned outputs;

static void die(const char *what) {
  perror(what);
  _Exit(1);
}

/* The preferred mode, which is listed first; false where nothing is plugged in. */
static int mode_of(int card, uint32_t connector, struct drm_mode_modeinfo *mode) {
  static struct drm_mode_modeinfo modes[MODES];
  struct drm_mode_get_connector get = {.connector_id = connector};
  if (ioctl(card, DRM_IOCTL_MODE_GETCONNECTOR, &get) < 0)
    die("connector");
  get = (struct drm_mode_get_connector){
    .connector_id = connector, .count_modes = get.count_modes, .modes_ptr = (uintptr_t)modes};
  if (get.count_modes > MODES)
    die("modes");
  if (ioctl(card, DRM_IOCTL_MODE_GETCONNECTOR, &get) < 0)
    die("modes");
  *mode = modes[0];
  return get.connection == 1 && get.count_modes > 0;
}

static uint32_t fill(int card, uint32_t width, uint32_t height, uint32_t colour) {
  struct drm_mode_create_dumb dumb = {.width = width, .height = height, .bpp = 32};
  if (ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &dumb) < 0)
    die("dumb buffer");
  struct drm_mode_map_dumb map = {.handle = dumb.handle};
  if (ioctl(card, DRM_IOCTL_MODE_MAP_DUMB, &map) < 0)
    die("map");
  uint32_t *pixels = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, card, (off_t)map.offset);
  if (pixels == MAP_FAILED)
    die("mmap");
  for (uint64_t i = 0; i < dumb.size / 4; i++)
    pixels[i] = colour;
  munmap(pixels, dumb.size);
  struct drm_mode_fb_cmd buffer = {.width = width, .height = height, .pitch = dumb.pitch, .bpp = 32, .depth = 24,
                                   .handle = dumb.handle};
  if (ioctl(card, DRM_IOCTL_MODE_ADDFB, &buffer) < 0)
    die("frame buffer");
  return buffer.fb_id;
}

static void show(int card, unsigned output, int on) {
  struct drm_mode_crtc crtc = {.crtc_id = crtcs[output]};
  if (on && mode_of(card, connectors[output], &crtc.mode)) {
    crtc.mode_valid = 1;
    crtc.fb_id = fill(card, crtc.mode.hdisplay, crtc.mode.vdisplay, colours[output]);
    crtc.set_connectors_ptr = (uintptr_t)&connectors[output];
    crtc.count_connectors = 1;
  }
  if (ioctl(card, DRM_IOCTL_MODE_SETCRTC, &crtc) < 0)
    die("mode");
  printf("output %u %s\n", output, crtc.mode_valid ? "on" : "off");
}

/* The guest's desktop opens every card that there is: whoever ends it then finds the card free for a moment. */
static int take(const char *path) {
  for (int i = 0; i < TRIES; i++) {
    const int card = open(path, O_RDWR | O_CLOEXEC);
    if (card >= 0 && !ioctl(card, DRM_IOCTL_SET_MASTER, 0))
      return card;
    if (card >= 0)
      close(card);
    usleep(500);
  }
  return -1;
}

int main(int argc, char **argv) {
  char line[32], word[8];
  unsigned output;
  struct drm_mode_card_res found = {
    .crtc_id_ptr = (uintptr_t)crtcs, .count_crtcs = OUTPUTS, .connector_id_ptr = (uintptr_t)connectors,
    .count_connectors = OUTPUTS};
  const int card = argc == 2 ? take(argv[1]) : -1;
  if (card < 0 || ioctl(card, DRM_IOCTL_MODE_GETRESOURCES, &found) < 0)
    die("card");
  setvbuf(stdout, NULL, _IOLBF, 0);
  outputs = found.count_connectors < OUTPUTS ? found.count_connectors : OUTPUTS;
  for (unsigned i = 0; i < outputs; i++)
    show(card, i, 1);
  while (fgets(line, sizeof line, stdin))
    if (sscanf(line, "%7s %u", word, &output) == 2 && output < outputs)
      show(card, output, strcmp(word, "off") != 0);
  return 0;
}
