/* SPDX-License-Identifier: MIT
 *
 * The director: what a desktop's media thread runs.
 */
#ifndef ORIEL_DESKTOP_DIRECTOR_H
#define ORIEL_DESKTOP_DIRECTOR_H

/** Runs until hub.stopping; `desktop` is a struct oriel_desktop. Returns NULL. */
void *oriel_director_run(void *desktop);

#endif
