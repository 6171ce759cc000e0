/* SPDX-License-Identifier: MIT
 *
 * What an implementation of a source provides; see source/source.h for what each function does, and on which thread.
 */
#ifndef ORIEL_SOURCE_IMPL_H
#define ORIEL_SOURCE_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "media/surface.h"
#include "source/facts.h"
#include "source/input.h"
#include "source/sink.h"

struct oriel_source;

enum { ORIEL_WATCH_NOTHING = 0, ORIEL_WATCH_PICTURES = 1, ORIEL_WATCH_SOUND = 2,
       ORIEL_WATCH_CLIPBOARD = 4, ORIEL_WATCH_ALL = 7 };

/** Implementation table; every slot is needed but those marked optional. */
struct oriel_source_impl {
  const char *kind;
  int (*start)(struct oriel_source *source, const struct oriel_source_sink *sink);
  void (*destroy)(struct oriel_source *source);
  struct oriel_surface *(*surface)(struct oriel_source *source);
  void (*watch)(struct oriel_source *source, unsigned what);
  void (*input)(struct oriel_source *source, const struct oriel_input *input);
  int (*resize)(struct oriel_source *source, uint16_t width, uint16_t height); /* optional */
  int (*command)(struct oriel_source *source, enum oriel_source_command command); /* optional */
  int (*microphone)(struct oriel_source *source, const struct oriel_microphone *packet); /* optional */
  int (*clipboard)(struct oriel_source *source, struct oriel_packet *text); /* optional */
  void (*info)(struct oriel_source *source, struct oriel_source_info *info);
};

struct oriel_source {
  const struct oriel_source_impl *impl;
};

#endif
