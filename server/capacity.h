/* SPDX-License-Identifier: MIT
 *
 * How much clients may have of a server, where more than one file counts it. Thread-safety: constants.
 */
#ifndef ORIEL_SERVER_CAPACITY_H
#define ORIEL_SERVER_CAPACITY_H

enum {
  ORIEL_VIEWERS_MAX = 4096,    /* of all desktops together */
  ORIEL_CONNECTIONS_MAX = 512, /* that are not viewers */
};

#endif
