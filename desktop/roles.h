/* SPDX-License-Identifier: MIT
 *
 * Who has the controls. Network thread only.
 *
 * The newest viewer that asks gets them and the old one is told; it stays in line. When the holder leaves or gives them
 * up, the one that asked last among those still in line gets them back.
 */
#ifndef ORIEL_DESKTOP_ROLES_H
#define ORIEL_DESKTOP_ROLES_H

#include "desktop/private.h"

/** The viewer that should have the controls: highest serial among those that want them; NULL when nobody does. */
struct oriel_viewer *oriel_roles_pick(struct oriel_viewer *const *viewers, unsigned count);

#endif
