/* SPDX-License-Identifier: MIT
 *
 * Counts WHEP, for whoever asks.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_COUNT_H
#define ORIEL_SERVER_WHEP_COUNT_H

#include "server/mounts.h"

/** All sessions of a desktop, those of the past too. */
void oriel_whep_count(const struct oriel_mount *mount, struct oriel_whep_stats *stats);
/** The port that all share; zeroes where there is none. */
void oriel_whep_count_port(const struct oriel_mounts *mounts, struct oriel_whep_port_stats *stats);

#endif
