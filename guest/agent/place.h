/* SPDX-License-Identifier: MIT
 *
 * Where sessions have their sockets. Thread-safety: any thread; it reads the environment.
 */
#ifndef ORIEL_GUEST_AGENT_PLACE_H
#define ORIEL_GUEST_AGENT_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

enum agent_place_kind { AGENT_PLACE_WAYLAND, AGENT_PLACE_X11 };

enum { AGENT_PLACES_MAX = 8, AGENT_PLACE_SIZE = sizeof((struct sockaddr_un *)0)->sun_path };

struct agent_place {
  char path[AGENT_PLACE_SIZE];
  unsigned number; /* of an X server's display */
  long long made_ns; /* when the socket was */
};

/** Folder that holds the sockets of this kind, or where $WAYLAND_DISPLAY says. False: there is none to be known. */
bool agent_place_folder(enum agent_place_kind kind, char folder[AGENT_PLACE_SIZE]);
/** Sockets that are there now, the newest first: the one that the environment names, and no other then, or all. Returns
 *  how many. A variable that is set to nothing, or a $DISPLAY on another machine, means none. */
size_t agent_place_list(enum agent_place_kind kind, struct agent_place places[AGENT_PLACES_MAX]);
/** A stream connected to it, non-blocking and close-on-exec; or -errno. */
int agent_place_connect(const struct agent_place *place);

#endif
