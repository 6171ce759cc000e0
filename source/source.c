/* SPDX-License-Identifier: MIT
 *
 * Sources by address, and the table's wrappers. Threads as source.h says.
 */
#include "source/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/pattern/pattern.h"
#include "source/qemu/qemu.h"

static const struct {
  const char *scheme;
  int (*create)(const char *address, struct oriel_source **source, char *why, size_t why_size);
} kinds[] = {
  {"qemu:", oriel_source_qemu_create},
  {"pattern:", oriel_source_pattern_create},
};

int oriel_source_create(const char *address, struct oriel_source **source, char *why, size_t why_size) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strncmp(address, kinds[i].scheme, strlen(kinds[i].scheme)))
      return kinds[i].create(address, source, why, why_size);
  snprintf(why, why_size, "'%.60s' names no source; use qemu:QMP-SOCKET[?console=N] or pattern:", address);
  return -EINVAL;
}

int oriel_source_start(struct oriel_source *source, const struct oriel_source_sink *sink) {
  return source->impl->start(source, sink);
}

void oriel_source_destroy(struct oriel_source *source) {
  if (source)
    source->impl->destroy(source);
}

struct oriel_surface *oriel_source_surface(struct oriel_source *source) {
  return source->impl->surface(source);
}

void oriel_source_watch(struct oriel_source *source, unsigned what) {
  source->impl->watch(source, what);
}

void oriel_source_input(struct oriel_source *source, const struct oriel_input *input) {
  source->impl->input(source, input);
}

int oriel_source_resize(struct oriel_source *source, uint16_t width, uint16_t height) {
  if (width < ORIEL_PICTURE_SIZE_MIN || width > ORIEL_PICTURE_WIDTH_MAX || height < ORIEL_PICTURE_SIZE_MIN ||
      height > ORIEL_PICTURE_HEIGHT_MAX)
    return -EINVAL;
  return source->impl->resize ? source->impl->resize(source, width, height) : -ENOTSUP;
}

int oriel_source_command(struct oriel_source *source, enum oriel_source_command command) {
  return source->impl->command ? source->impl->command(source, command) : -ENOTSUP;
}

int oriel_source_microphone(struct oriel_source *source, const struct oriel_microphone *packet) {
  if (packet->size > 1500)
    return -EINVAL;
  return source->impl->microphone ? source->impl->microphone(source, packet) : -ENOTSUP;
}

int oriel_source_clipboard(struct oriel_source *source, struct oriel_packet *text) {
  return source->impl->clipboard ? source->impl->clipboard(source, text) : -ENOTSUP;
}

void oriel_source_info(struct oriel_source *source, struct oriel_source_info *info) {
  memset(info, 0, sizeof *info);
  info->kind = source->impl->kind;
  source->impl->info(source, info);
}
