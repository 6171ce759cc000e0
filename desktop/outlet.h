/* SPDX-License-Identifier: MIT
 *
 * An outlet: a rendition and the channel where its packets go. Of a form that is coded beside the others it sees to it
 * that these come first: it rests as long as it worked while others look, and where a picture takes too long it makes
 * smaller ones.
 *
 * Thread-safety: the media thread. `_locked`: hub.lock is held, else it is not.
 */
#ifndef ORIEL_DESKTOP_OUTLET_H
#define ORIEL_DESKTOP_OUTLET_H

#include "core/cpu_limit.h"
#include "desktop/side.h"
#include "desktop/state.h"
#include "desktop/thrift.h"
#include "media/rendition.h"

struct oriel_outlet {
  struct oriel_desktop *desktop;
  enum oriel_channel_kind kind;
  const struct oriel_form *form;
  struct oriel_rendition rendition;
  uint64_t seen_events; /* hub.damage_events when it looked at the surface last */
  /* Of a form that is coded beside the others. */
  struct oriel_side side;
  bool yields; /* others look */
  struct oriel_cpu_limit share; /* of a processor, while it yields */
  struct oriel_thrift thrift; /* while nobody relies on the screen's own size */
};

void oriel_outlet_init(struct oriel_outlet *outlet, struct oriel_desktop *desktop, enum oriel_channel_kind kind);
void oriel_outlet_finish(struct oriel_outlet *outlet);

/** Whether the surface shows something that it did not see. */
bool oriel_outlet_is_damaged_locked(const struct oriel_outlet *outlet);
/** What to do for those who look, and want `demand`, while its side does not work. */
struct oriel_rendition_step oriel_outlet_plan_locked(struct oriel_outlet *outlet, const struct oriel_demand *demand,
                                                     bool damaged, uint64_t now_ns);
/** What to do while nobody looks. */
struct oriel_rendition_step oriel_outlet_plan_idle(struct oriel_outlet *outlet, uint64_t now_ns);

/** Does a step: what is made is published, at once or once its side has coded it; oriel_side_is_done says when. 0, or as
 *  oriel_rendition_make. */
int oriel_outlet_run(struct oriel_outlet *outlet, const struct oriel_rendition_step *step);
/** Publishes what its side has coded. Returns the processor time that this took. */
uint64_t oriel_outlet_collect(struct oriel_outlet *outlet);
/** The bitrate for now of a channel; the size of its pictures is told to all who ask. */
struct oriel_rate oriel_outlet_rate(struct oriel_desktop *desktop, enum oriel_channel_kind kind, uint16_t width,
                                    uint16_t height, uint64_t now_ns);

#endif
