/* SPDX-License-Identifier: MIT
 *
 * Who has the controls, what it does with them, and what the others are told of it. Network thread only.
 */
#ifndef ORIEL_DESKTOP_CONTROLS_H
#define ORIEL_DESKTOP_CONTROLS_H

#include "desktop/delivery.h"
#include "source/input.h"

struct oriel_desktop;
struct oriel_viewer;

/** Asks for the controls (true), or gives them up and stops asking. */
void oriel_viewer_control(struct oriel_viewer *viewer, bool wanted);
/** The holder's answer to the viewer that asks. Nothing when it is not the holder or that one does not ask. After a no
 *  it is not shown another asker for 10 s, so that nobody can press it. */
void oriel_viewer_answer(struct oriel_viewer *viewer, uint32_t asker, bool granted);
/** What it calls itself: UTF-8, cut at ORIEL_VIEWER_NAME_MAX; control characters become '?'. "" = "Viewer 3". */
void oriel_viewer_rename(struct oriel_viewer *viewer, const char *name);
/** Its name, or "Viewer 3"; valid until the next rename. */
const char *oriel_viewer_name(const struct oriel_viewer *viewer);
/** Counts input, or a packet of its microphone, that its role does not permit; as oriel_viewer_input and _microphone do
 *  by themselves. */
void oriel_viewer_denied(struct oriel_viewer *viewer, bool microphone);
/** True when this viewer has the controls. */
bool oriel_viewer_controls(const struct oriel_viewer *viewer);
/** Passes input on if this viewer has the controls; otherwise drops and counts it. */
void oriel_viewer_input(struct oriel_viewer *viewer, const struct oriel_input *input);
/** Asks for another size, from the controller only. Passed on by the media thread, at most five a second, the newest
 *  wins: every new size costs the guest a mode switch and us a surface and an encoder. 0 = taken, -EPERM, -ENOTSUP,
 *  -EINVAL (outside [64, 7680] x [64, 4320]). */
int oriel_viewer_resize(struct oriel_viewer *viewer, uint16_t width, uint16_t height);

/* ---- for this room ---- */

/** A new viewer that wants the controls: it gets them if that needs nobody's consent, else it waits in line. */
void oriel_controls_join(struct oriel_viewer *viewer);
/** Gives the controls of an idle holder to who asks, and tells those who take no part what happened since the last
 *  look. */
void oriel_controls_look(struct oriel_desktop *desktop, uint64_t now_ns);
/** Fills a delivery for this viewer. */
void oriel_controls_describe(const struct oriel_viewer *viewer, struct oriel_delivery *delivery);

#endif
