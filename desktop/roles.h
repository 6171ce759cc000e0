/* SPDX-License-Identifier: MIT
 *
 * Who has the controls. Network thread only.
 */
#ifndef ORIEL_DESKTOP_ROLES_H
#define ORIEL_DESKTOP_ROLES_H

#include "desktop/private.h"

/** A new viewer that wants the controls: it gets them if that needs nobody's consent, else it waits in line. */
void oriel_roles_join(struct oriel_viewer *viewer);
/** Gives the controls of an idle holder to who asks, and tells those who take no part what happened since the last
 *  look. */
void oriel_roles_look(struct oriel_desktop *desktop, uint64_t now_ns);
/** Fills a delivery for this viewer; hub.lock is held. */
void oriel_roles_describe_locked(const struct oriel_hub *hub, const struct oriel_viewer *viewer, enum oriel_control way,
                                 struct oriel_delivery *delivery);

#endif
